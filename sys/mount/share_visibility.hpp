// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mount/mount_options.hpp"
#include "core/result.hpp"
#include "sys/mountinfo.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// How sure it is that the host sees what is mounted below the share root.
enum class share_visibility : std::uint8_t {
  proven,
  /// Mounts are passed on, but the host's mount table cannot be read here.
  likely,
};

/// What check_share_visible() found out.
struct visibility_facts {
  std::string share_root;
  /// The mount that holds the share root.
  mounted_entry mount;
  /// Whether this is the mount namespace of the host's first process.
  bool is_host_namespace = false;
  /// What the host's first process sees; nothing if that is not known here.
  std::optional<std::vector<mounted_entry>> host_mounts;
};

/// Decides whether the host sees what is mounted below the share root. A bind
/// from a container reaches the host only if the mount that holds the target
/// has a peer there; a peer group that exists only in the container looks the
/// same from inside (mount_namespaces(7)).
/// @returns `errc::failed_precondition` with the cure.
result<share_visibility> judge_visibility(const visibility_facts& facts);

/// Returns whether the calling thread is in the mount namespace of process 1,
/// so that both see one mount table.
bool shares_namespace_with_init();

/// Looks at the namespaces of this process and of the host.
/// @param share_root Exists.
/// @returns as judge_visibility(), or what the kernel said.
result<share_visibility> check_share_visible(const std::string& share_root);

} // namespace fsshare
