// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/demo/demo_host.hpp"

namespace fsshare::demo {

/// Shares two directories with a sandbox on a shared filesystem, one writable
/// and one not, uses them as a guest would, and takes them away again. Needs
/// the right to mount.
void show_binds(demo_host& host);

} // namespace fsshare::demo
