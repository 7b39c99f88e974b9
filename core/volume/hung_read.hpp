// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace fsshare {

/// A read of a source that does not answer.
struct hung_read {
  /// What is tried on what, as `open /a`.
  std::string subject;
  /// How long it has stood still.
  std::chrono::nanoseconds since{0};

  friend bool operator==(const hung_read&, const hung_read&) = default;
};

} // namespace fsshare
