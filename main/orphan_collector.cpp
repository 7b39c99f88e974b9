// SPDX-License-Identifier: Apache-2.0
#include "main/orphan_collector.hpp"

#include "core/mount/mount_plan.hpp"
#include "core/share/orphans.hpp"
#include "main/state_look.hpp"
#include "sys/journal/state_files.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "sys/mount/share_visibility.hpp"
#include "sys/process/instance_lock.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

namespace {

using held_lock = std::optional<instance_lock>;

/// Claims a directory; none where it is not there.
result<held_lock> claim(const std::string& what, const std::string& path) {
  auto locked = instance_lock::on_directory(what, path);
  if (locked)
    return held_lock{*std::move(locked)};
  if (locked.err().code == errc::not_found)
    return held_lock{};
  return locked.err();
}

void take_away(orphan& each, const node_config& config, mount_executor& mounts,
               const state_files& files) {
  const auto& id = each.sandbox_id;
  const share_layout layout{config.share.root, id, config.guest.share_dir};
  auto done = run(
    plan_discard(layout, copy_mark_path(copy_mark_dir(config), id)), mounts);
  auto outcome = done ? check_nothing_of_ours_left(*done) : status{done.err()};
  if (outcome)
    outcome = files.remove(id);
  each.removed = static_cast<bool>(outcome);
  if (!outcome)
    each.reason = outcome.err().message;
  if (done)
    each.foreign = std::move(done->foreign);
}

/// Removes state files that were set aside and that nobody needs.
std::vector<aside_file> remove_asides(const std::vector<std::string>& told,
                                      bool remove, const state_files& files) {
  auto out = sort_asides(files.sandboxes_set_aside(), told);
  for (auto& each : out) {
    if (!remove || !each.reason.empty())
      continue;
    const auto gone = files.remove_aside(each.sandbox_id);
    each.removed = static_cast<bool>(gone);
    if (!gone)
      each.reason = gone.err().message;
  }
  return out;
}

} // namespace

result<collect_orphans_reply>
collect_orphans_here(const node_config& config,
                     const collect_orphans_request& request) {
  const auto& root = config.share.root;
  const state_files files{state_directory(config)};
  const auto root_lock = claim("share root", root);
  if (!root_lock)
    return root_lock.err();
  // What was made lies in it, but for marks that are of no use without it.
  if (!*root_lock)
    return collect_orphans_reply{};
  const auto state_lock = claim("state directory", files.dir());
  if (!state_lock)
    return state_lock.err();
  if (config.mounts.visibility == visibility_check::proven)
    if (const auto visible = check_share_visible(root); !visible)
      return visible.err();
  const auto recorded = look_at_states(files.dir(), root);
  if (!recorded.readable)
    return recorded.readable.err().within(
      "tell which sandboxes a node agent would go on with");
  const auto mounts = make_kernel_mount(config.mounts.api, root);
  if (!mounts)
    return mounts.err();
  const auto seen = (*mounts)->list_marks(copy_mark_dir(config));
  if (!seen)
    return seen.err();
  const auto sorted = sort_entries(*seen, recorded.adoptable);
  collect_orphans_reply all;
  auto next = request;
  for (;;) {
    auto page = orphans_asked_for(next, sorted, root);
    for (auto& each : page.orphans) {
      if (request.remove)
        take_away(each, config, **mounts, files);
      all.orphans.push_back(std::move(each));
    }
    if (next.orphans_after.empty())
      all.foreign = std::move(page.foreign);
    if (page.orphans_more == 0)
      break;
    next.orphans_after = all.orphans.back().sandbox_id;
  }
  if (!request.sandbox_id.empty())
    return all;
  const auto left = (*mounts)->list_marks(copy_mark_dir(config));
  if (!left)
    return left.err();
  all.asides
    = remove_asides(told_by_asides(sort_entries(*left, recorded.adoptable)),
                    request.remove, files);
  return all;
}

} // namespace fsshare
