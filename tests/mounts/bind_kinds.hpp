// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mount/mount_options.hpp"

/// Binds as shares with `rslave` make them.
namespace fsshare::test {

/// Read-only: what the host unmounts goes in it, too.
inline constexpr bind_options follows{access::read_only, submounts::take,
                                      propagation::unmounts};
/// Writable: what the host mounts and unmounts comes and goes in it.
inline constexpr bind_options slave{access::read_write, submounts::take,
                                    propagation::slave};

} // namespace fsshare::test
