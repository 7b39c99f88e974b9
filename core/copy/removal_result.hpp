// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// What became of a path that a guest agent was asked to remove.
enum class removal_result : std::uint8_t {
  removed,
  /// Not removed now; another try may succeed.
  failed,
  /// The guest's policy forbids it; it may get another one.
  denied,
  /// This guest agent cannot.
  impossible,
  /// This guest agent cannot, but it holds no contents any more: empty
  /// directories and files stay.
  emptied,
};

} // namespace fsshare
