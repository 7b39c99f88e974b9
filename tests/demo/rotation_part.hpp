// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/demo/demo_host.hpp"
#include "tests/demo/demo_options.hpp"
#include "tests/support/rotator.hpp"

#include <string>
#include <vector>

namespace fsshare::demo {

/// The guest's copy of the volume for one container.
struct guest_copy {
  std::string container;
  /// As the guest calls it.
  std::string guest_path;
  /// Where it lies on this machine.
  std::string dir;
};

/// Rotates the volume ten times, prints the lags and checks that the guest
/// directories follow.
void show_rotations(demo_host& host, test::rotator& kubelet,
                    const std::vector<guest_copy>& copies,
                    const demo_options& with);

} // namespace fsshare::demo
