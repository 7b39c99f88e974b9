// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace fsshare {

/// A directory or file of a pod's volume.
struct pod_volume_part {
  /// Root directory of the volume on the host.
  std::string volume;
  /// Path of the part below it; empty for the volume itself.
  std::string inside;

  friend bool operator==(const pod_volume_part&, const pod_volume_part&)
    = default;
};

} // namespace fsshare
