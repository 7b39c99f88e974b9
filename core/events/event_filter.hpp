// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/events/node_event.hpp"

#include <string>

namespace fsshare {

/// Which events somebody wants; what is empty is any.
struct event_filter {
  std::string sandbox_id = {};
  std::string volume = {};

  /// Those of a volume itself concern every sandbox that it is asked for with.
  bool takes(const node_event& what) const {
    if (!volume.empty() && what.volume != volume)
      return false;
    return sandbox_id.empty() || what.sandbox_id == sandbox_id
           || (!volume.empty() && what.sandbox_id.empty());
  }
};

} // namespace fsshare
