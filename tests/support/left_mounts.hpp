// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace fsshare::test {

/// Takes away what is mounted below a directory, the last first, for later ones
/// lie on the others.
void detach_mounts_below(const std::string& dir);

} // namespace fsshare::test
