// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/mount_namespace.hpp"
#include "core/mount/mount_options.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/host_follower.hpp"
#include "sys/mount/kernel_session.hpp"
#include "sys/mount/mount_api.hpp"
#include "sys/mount/mount_runner.hpp"
#include "sys/mount/namespace_stay.hpp"
#include "sys/process/bounded_calls.hpp"

#include <map>
#include <memory>
#include <string>

namespace fsshare {

class mount_index;

/// Carries out plans in the mount namespace of the calling thread, or in that
/// of the plan's sandbox. Of the latter nothing is held between plans.
class kernel_mount final : public mount_executor {
public:
  /// @param root The share root of all plans.
  /// @param api How to mount; not null.
  kernel_mount(held_root root, std::unique_ptr<mount_api> api);

  /// @returns `errc::failed_precondition` while the share root is covered, or
  ///          its path leads to another directory, and where the sandbox's
  ///          mount namespace is gone. A plan that takes away works on what is
  ///          left of it then: what lies in the share root itself.
  result<std::unique_ptr<mount_session>> begin(const mount_plan& plan) override;
  result<std::vector<sandbox_look>>
  look_at(const std::vector<sandbox_places>& sandboxes) override;
  result<marked_entries> list_marks(const std::string& copy_mark_dir) override;
  std::size_t count_wiped() const override;
  bool follows_host() const override;
  result<host_look> follow_host() override;

private:
  /// What is followed in the mount namespace of one sandbox.
  struct followed_namespace {
    mount_namespace where;
    host_follower follower;
  };

  result<std::unique_ptr<mount_session>> begin_inside(const mount_plan& plan);
  result<std::unique_ptr<namespace_stay>> enter(const mount_plan& plan);
  status check_made_here(const mount_plan& plan, const namespace_stay& stay);
  sandbox_look look_inside(const sandbox_places& sandbox);
  sandbox_look look_at_one(const sandbox_places& sandbox, const held_root& root,
                           const mount_index& table);
  result<host_look> follow_in(const held_root& root, host_follower& follower);
  void forget_idle();
  void follow_namespaces(host_look& out);

  held_root root_;
  std::unique_ptr<mount_api> api_;
  bounded_calls calls_;
  known_sandboxes known_;
  host_follower follower_;
  /// By sandbox id; those with nothing to follow are left out in between.
  std::map<std::string, followed_namespace> followed_;
};

/// Makes what the MOUNTER actor of a node runs plans with.
/// @param share_root Exists; held open from now on.
/// @returns `errc::unimplemented` where the chosen API cannot work.
result<std::unique_ptr<mount_executor>>
make_kernel_mount(mount_api_choice choice, const std::string& share_root);

} // namespace fsshare
