// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/rotator.hpp"

#include <string>
#include <vector>

namespace fsshare::demo {

/// One rotation of the ConfigMap.
struct scripted_rotation {
  /// What changes, for people.
  std::string what;
  /// What the volume holds then.
  test::payload files;
  /// Whether the next one follows at once, waiting for no guest.
  bool hurried = false;
};

/// Returns what the ConfigMap holds first.
test::payload first_files();

/// Returns ten rotations: keys are changed, added and deleted, nested ones too,
/// and two rotations come back to back.
std::vector<scripted_rotation> ten_rotations();

/// A nested key that is there from first to last.
inline constexpr const char* nested_key = "server/tls/ca.crt";

} // namespace fsshare::demo
