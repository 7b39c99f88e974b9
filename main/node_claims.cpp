// SPDX-License-Identifier: Apache-2.0
#include "main/node_claims.hpp"

#include "log/log.hpp"
#include "sys/journal/state_files.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "sys/mount/share_visibility.hpp"

#include <utility>

namespace fsshare {

namespace {

status check_visible(const node_config& config) {
  if (config.mounts.visibility == visibility_check::assumed)
    return unit{};
  const auto visible = check_share_visible(config.share.root);
  if (!visible)
    return visible.err();
  if (*visible == share_visibility::likely)
    log::warning("share-root-unproven", {{"share_root", config.share.root}});
  return unit{};
}

/// Claims the state directory. Where there is none, work goes on without it.
/// @returns `errc::already_exists` where another node agent has it.
result<std::optional<instance_lock>> claim_state_dir(const state_files& files) {
  if (const auto made = files.make_dir(); !made) {
    log::warning("state-not-recorded", {{"error", made.err().message}});
    return std::optional<instance_lock>{};
  }
  auto locked = instance_lock::on_directory("state directory", files.dir());
  if (locked)
    return std::optional<instance_lock>{*std::move(locked)};
  if (locked.err().code == errc::already_exists)
    return locked.err();
  log::warning("state-not-recorded", {{"error", locked.err().message}});
  return std::optional<instance_lock>{};
}

} // namespace

result<node_claims> node_claims::take(const node_config& config) {
  if (auto made = make_share_root(config.share.root); !made)
    return made.err();
  if (auto visible = check_visible(config); !visible)
    return visible.err();
  auto root = instance_lock::on_directory("share root", config.share.root);
  if (!root)
    return root.err();
  auto state = claim_state_dir(state_files{state_directory(config)});
  if (!state)
    return state.err();
  node_claims out;
  out.share_root_ = *std::move(root);
  out.state_directory_ = *std::move(state);
  return out;
}

} // namespace fsshare
