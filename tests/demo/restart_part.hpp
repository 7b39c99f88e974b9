// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/demo/demo_host.hpp"
#include "tests/demo/rotation_part.hpp"
#include "tests/support/rotator.hpp"

#include <vector>

namespace fsshare::demo {

/// Kills fsshared, rotates the volume while none runs, starts it again, and
/// checks that every guest directory catches up.
void show_restart(demo_host& host, test::rotator& kubelet,
                  const std::vector<guest_copy>& copies);

} // namespace fsshare::demo
