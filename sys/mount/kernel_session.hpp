// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/share/share_layout.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/host_follower.hpp"
#include "sys/mount/mount_api.hpp"
#include "sys/mount/mount_runner.hpp"
#include "sys/mount_identity.hpp"
#include "sys/process/bounded_calls.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace fsshare {

/// Of each sandbox that was prepared here, the directory `mounts/` and the
/// mount on it; forgotten with the sandbox's directory. By sandbox id.
using known_sandboxes = std::map<std::string, mount_identity>;

/// Returns what is known of a sandbox.
std::optional<mount_identity> find_known(const known_sandboxes& known,
                                         const share_layout& layout);

/// What sessions work with, and leave behind.
struct session_means {
  mount_api& api;
  known_sandboxes& known;
  host_follower& follower;
  bounded_calls& calls;
};

/// Makes what carries out the steps of one plan, in the mount namespace of the
/// calling thread.
/// @param root Outlives it, as layout and means do.
std::unique_ptr<mount_session> make_kernel_session(const held_root& root,
                                                   const share_layout& layout,
                                                   const session_means& means);

} // namespace fsshare
