// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/demo/demo_host.hpp"

namespace fsshare::demo {

/// Shares one root filesystem of each kind and shows the storages that the
/// guest agent gets; nydusd is a stand-in. Needs the right to mount.
void show_rootfs_kinds(demo_host& host);

} // namespace fsshare::demo
