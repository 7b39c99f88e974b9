// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mount/mount_options.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/host_follower.hpp"
#include "sys/mount/mount_api.hpp"
#include "sys/mount/mount_runner.hpp"
#include "sys/mount_identity.hpp"
#include "sys/process/bounded_calls.hpp"

#include <map>
#include <memory>
#include <string>

namespace fsshare {

/// Of each sandbox that was prepared here, the directory `mounts/` and the
/// mount on it; forgotten with the sandbox's directory. By sandbox id.
using known_sandboxes = std::map<std::string, mount_identity>;

/// Carries out plans in the mount namespace of the calling thread.
class kernel_mount final : public mount_executor {
public:
  /// @param root The share root of all plans.
  /// @param api How to mount; not null.
  kernel_mount(held_root root, std::unique_ptr<mount_api> api);

  /// @returns `errc::failed_precondition` while the share root is covered, or
  ///          its path leads to another directory.
  result<std::unique_ptr<mount_session>> begin(const mount_plan& plan) override;
  result<std::vector<sandbox_look>>
  look_at(const std::vector<sandbox_places>& sandboxes) override;
  result<marked_entries> list_marks(const std::string& copy_mark_dir) override;
  bool follows_host() const override;
  result<host_look> follow_host() override;

private:
  held_root root_;
  std::unique_ptr<mount_api> api_;
  bounded_calls calls_;
  known_sandboxes known_;
  host_follower follower_;
};

/// Makes what the MOUNTER actor of a node runs plans with.
/// @param share_root Exists; held open from now on.
/// @returns `errc::unimplemented` where the chosen API cannot work.
result<std::unique_ptr<mount_executor>>
make_kernel_mount(mount_api_choice choice, const std::string& share_root);

} // namespace fsshare
