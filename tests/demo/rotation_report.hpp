// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/data_observer.hpp"
#include "tests/support/rotation_lag.hpp"
#include "tests/support/transcript.hpp"

#include <string>
#include <vector>

namespace fsshare::demo {

/// Prints how long each rotation took to each guest directory, with median and
/// maximum, and checks that each arrived or a newer one did. A lag that is only
/// known to be less is marked `<`.
/// @param containers Their guest directories are those of `observer`.
void report_rotations(const std::vector<test::made_rotation>& rotations,
                      const std::vector<std::string>& containers,
                      const test::data_observer& observer,
                      test::transcript& out);

} // namespace fsshare::demo
