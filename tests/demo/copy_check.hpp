// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/demo/demo_host.hpp"
#include "tests/demo/demo_options.hpp"
#include "tests/demo/rotation_part.hpp"

#include <string>
#include <vector>

namespace fsshare::demo {

/// Waits until old generations have had their grace, then checks the guest
/// directories against the host's. Of guest agents that cannot remove, what
/// stays is compared with what fsshared reports, and the rest with the host.
/// @param volume_dir The volume on the host.
void check_copies(demo_host& host, const std::string& volume_dir,
                  const std::vector<guest_copy>& copies,
                  const demo_options& with);

} // namespace fsshare::demo
