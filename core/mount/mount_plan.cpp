// SPDX-License-Identifier: Apache-2.0
#include "core/mount/mount_plan.hpp"

#include "core/paths.hpp"
#include "core/share/share_mark.hpp"
#include "core/text/sentence_list.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <set>
#include <utility>

namespace fsshare {

namespace {

// Modes are Kata's (virtcontainers DirMode, sharedDirMode, mountPerm), so that
// its file servers find what they expect.
constexpr std::uint32_t sandbox_mode = 0700;
constexpr std::uint32_t mounts_mode = 0750;
constexpr std::uint32_t shared_mode = 0700;
constexpr std::uint32_t container_mode = 0755;

mount_plan empty_plan(const share_layout& layout, on_failure what) {
  return {layout, what, {}};
}

status check_source(const share_layout& layout, std::string_view source) {
  if (auto checked = check_path("source", source); !checked)
    return checked;
  if (source != layout.share_root() && !is_below(source, layout.share_root()))
    return unit{};
  return error{errc::invalid_argument, "source '" + std::string{source}
                                         + "' lies in the share root '"
                                         + layout.share_root() + "'"};
}

status check_binds(const share_layout& layout,
                   std::span<const sandbox_bind> binds) {
  std::set<std::string_view> names;
  for (const auto& bind : binds) {
    if (auto checked = check_source(layout, bind.source); !checked)
      return error{checked.err()}.within("sandbox_binds");
    const auto name = base_name(bind.source);
    if (name.empty())
      return error{errc::invalid_argument,
                   "sandbox_binds: '/' has no name to appear under"};
    if (!names.insert(name).second)
      return error{errc::invalid_argument, "sandbox_binds: two sources named '"
                                             + std::string{name} + "'"};
  }
  return unit{};
}

void add_bind(mount_plan& plan, std::string_view source, std::string target,
              const bind_options& options) {
  plan.steps.emplace_back(make_placeholder{target, std::string{source}});
  plan.steps.emplace_back(
    make_bind{std::string{source}, std::move(target), options});
}

void add_staging_removal(mount_plan& plan) {
  const auto staging = plan.layout.staging_dir();
  plan.steps.emplace_back(unmount{staging});
  plan.steps.emplace_back(remove_placeholders{staging});
  plan.steps.emplace_back(remove_directory{staging});
}

void add_unbind(mount_plan& plan, std::string target) {
  plan.steps.emplace_back(unmount{target});
  plan.steps.emplace_back(remove_placeholder{std::move(target)});
}

} // namespace

bool needs_share_root(const mount_plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const auto& x) {
    return !std::holds_alternative<make_copy_mark>(x)
           && !std::holds_alternative<remove_copy_mark>(x)
           && !std::holds_alternative<require_no_copy_mark>(x)
           && !std::holds_alternative<list_foreign>(x);
  });
}

std::vector<std::string> outside_sources(const mount_plan& plan) {
  std::set<std::string> found;
  const auto& root = plan.layout.share_root();
  const auto add = [&](const std::string& source) {
    if (!is_below(source, root))
      found.insert(source);
  };
  for (const auto& step : plan.steps) {
    if (const auto* placeholder = std::get_if<make_placeholder>(&step))
      add(placeholder->source);
    else if (const auto* bind = std::get_if<make_bind>(&step))
      add(bind->source);
    else if (const auto* followed = std::get_if<follow_bind>(&step))
      add(followed->source);
  }
  return {found.begin(), found.end()};
}

status check_nothing_left(const plan_done& done) {
  auto all = done.leftovers;
  all.insert(all.end(), done.foreign.begin(), done.foreign.end());
  return check_nothing_of_ours_left({done.changed, std::move(all), {}});
}

status check_nothing_of_ours_left(const plan_done& done) {
  if (done.leftovers.empty())
    return unit{};
  std::vector<std::string> all;
  all.reserve(done.leftovers.size());
  for (const auto& left : done.leftovers)
    all.push_back(left.path + " (" + left.reason + ")");
  const auto number
    = all.size() == 1 ? std::string{} : " " + std::to_string(all.size());
  return error{errc::failed_precondition,
               "left behind" + number + ": " + listed(all, ", ")};
}

void append(mount_plan& plan, mount_plan more) {
  plan.steps.insert(plan.steps.end(),
                    std::make_move_iterator(more.steps.begin()),
                    std::make_move_iterator(more.steps.end()));
}

mount_plan plan_prepare_copy(const share_layout& layout,
                             std::string_view mark_path) {
  auto plan = empty_plan(layout, on_failure::undo);
  plan.steps = {make_copy_mark{std::string{mark_path},
                               render_share_mark({layout.sandbox_id()})}};
  return plan;
}

mount_plan plan_cleanup_copy(const share_layout& layout,
                             std::string_view mark_path) {
  auto plan = empty_plan(layout, on_failure::go_on);
  plan.steps = {list_foreign{layout.sandbox_dir()},
                remove_copy_mark{std::string{mark_path}}};
  return plan;
}

result<mount_plan> plan_prepare(const share_layout& layout,
                                std::span<const sandbox_bind> binds,
                                submounts taken) {
  if (auto checked = check_binds(layout, binds); !checked)
    return checked.err();
  auto plan = empty_plan(layout, on_failure::undo);
  plan.steps = {
    make_sandbox_dir{layout.sandbox_dir(), sandbox_mode, layout.mark_path(),
                     render_share_mark({layout.sandbox_id()})},
    make_directory{layout.mounts_dir(), mounts_mode},
    make_directory{layout.shared_dir(), shared_mode},
  };
  // A mount of its own: what is mounted below reaches shared/ whatever the
  // propagation of the parent is, and goes with a single unmount.
  plan.steps.emplace_back(
    make_bind{layout.mounts_dir(),
              layout.mounts_dir(),
              {access::read_write, submounts::leave, propagation::shared}});
  plan.steps.emplace_back(
    make_bind{layout.mounts_dir(),
              layout.shared_dir(),
              {access::read_only, submounts::leave, propagation::slave}});
  if (!binds.empty())
    plan.steps.emplace_back(
      make_directory{layout.sandbox_binds_dir(), mounts_mode});
  for (const auto& bind : binds)
    add_bind(plan, bind.source,
             layout.host_sandbox_bind(base_name(bind.source)),
             {bind.writable ? access::read_write : access::read_only, taken,
              propagation::closed});
  return plan;
}

mount_plan plan_cleanup_unknown(const share_layout& layout,
                                std::string_view mark_path) {
  auto plan = empty_plan(layout, on_failure::go_on);
  plan.steps = {require_no_copy_mark{std::string{mark_path}},
                require_no_mark{layout.sandbox_dir()}};
  return plan;
}

mount_plan plan_cleanup(const share_layout& layout) {
  auto plan = empty_plan(layout, on_failure::go_on);
  // shared/ first: the guest must not see the mounts go one by one.
  plan.steps = {
    require_mark{layout.sandbox_dir(), layout.mark_path(), layout.sandbox_id()},
    unmount{layout.shared_dir()},
    unmount{layout.mounts_dir()},
  };
  add_staging_removal(plan);
  for (mount_step step : std::initializer_list<mount_step>{
         remove_placeholders{layout.mounts_dir()},
         remove_directory{layout.mounts_dir()},
         remove_directory{layout.shared_dir()},
         remove_sandbox_dir{layout.sandbox_dir(), layout.mark_path(), true}})
    plan.steps.push_back(std::move(step));
  return plan;
}

mount_plan plan_cleanup_unfinished(const share_layout& layout) {
  auto plan = plan_cleanup(layout);
  plan.steps.insert(plan.steps.begin(),
                    remove_unmarked{layout.sandbox_dir(), layout.mark_path(),
                                    render_share_mark({layout.sandbox_id()})});
  return plan;
}

mount_plan plan_settle(const share_layout& layout) {
  auto plan = empty_plan(layout, on_failure::go_on);
  add_staging_removal(plan);
  return plan;
}

mount_plan plan_follow(const share_layout& layout, std::string_view share_name,
                       std::string_view source, const bind_options& options) {
  auto plan = empty_plan(layout, on_failure::undo);
  plan.steps.emplace_back(
    follow_bind{std::string{source}, layout.host_share(share_name), options});
  return plan;
}

mount_plan plan_discard(const share_layout& layout,
                        std::string_view mark_path) {
  auto plan = plan_cleanup(layout);
  plan.steps.insert(plan.steps.begin() + 1,
                    require_unused{layout.sandbox_dir()});
  plan.steps.insert(plan.steps.begin(),
                    remove_copy_mark{std::string{mark_path}});
  return plan;
}

mount_plan plan_use_check(const share_layout& layout) {
  auto plan = empty_plan(layout, on_failure::go_on);
  plan.steps.emplace_back(require_unused{layout.sandbox_dir()});
  return plan;
}

result<mount_plan> plan_share(const share_layout& layout,
                              std::string_view share_name,
                              std::string_view source,
                              const bind_options& options) {
  if (auto checked = check_source(layout, source); !checked)
    return checked.err();
  auto plan = empty_plan(layout, on_failure::undo);
  add_bind(plan, source, layout.host_share(share_name), options);
  return plan;
}

result<mount_plan> plan_watchable_share(const share_layout& layout,
                                        std::string_view share_name,
                                        std::string_view source,
                                        const bind_options& options) {
  auto plan = empty_plan(layout, on_failure::undo);
  plan.steps.emplace_back(make_directory{layout.watchable_dir(), mounts_mode});
  auto bind = plan_share(layout, share_name, source, options);
  if (!bind)
    return bind.err();
  append(plan, *std::move(bind));
  return plan;
}

mount_plan plan_unshare(const share_layout& layout,
                        std::string_view share_name) {
  auto plan = empty_plan(layout, on_failure::go_on);
  add_unbind(plan, layout.host_share(share_name));
  return plan;
}

result<mount_plan> plan_rootfs(const share_layout& layout,
                               std::string_view container_id,
                               std::string_view source,
                               const bind_options& options) {
  if (auto checked = check_container_id(container_id); !checked)
    return checked.err();
  if (auto checked = check_source(layout, source); !checked)
    return checked.err();
  auto plan = empty_plan(layout, on_failure::undo);
  plan.steps.emplace_back(
    make_directory{layout.container_dir(container_id), container_mode});
  add_bind(plan, source, layout.host_rootfs(container_id), options);
  return plan;
}

result<mount_plan> plan_unshare_rootfs(const share_layout& layout,
                                       std::string_view container_id) {
  if (auto checked = check_container_id(container_id); !checked)
    return checked.err();
  auto plan = empty_plan(layout, on_failure::go_on);
  add_unbind(plan, layout.host_rootfs(container_id));
  plan.steps.emplace_back(remove_directory{layout.container_dir(container_id)});
  return plan;
}

result<mount_plan> plan_rootfs_dir(const share_layout& layout,
                                   std::string_view container_id,
                                   std::string_view suffix) {
  if (auto checked = check_container_id(container_id); !checked)
    return checked.err();
  auto plan = empty_plan(layout, on_failure::undo);
  const auto dir = layout.container_dir(container_id);
  plan.steps.emplace_back(make_directory{dir, container_mode});
  if (!suffix.empty())
    plan.steps.emplace_back(make_directory{join(dir, suffix), mounts_mode});
  return plan;
}

result<mount_plan> plan_remove_rootfs_dir(const share_layout& layout,
                                          std::string_view container_id,
                                          std::string_view suffix) {
  if (auto checked = check_container_id(container_id); !checked)
    return checked.err();
  auto plan = empty_plan(layout, on_failure::go_on);
  const auto dir = layout.container_dir(container_id);
  if (!suffix.empty())
    plan.steps.emplace_back(remove_directory{join(dir, suffix)});
  plan.steps.emplace_back(remove_directory{dir});
  return plan;
}

result<mount_plan> plan_nydus_rootfs(const share_layout& layout,
                                     std::string_view container_id,
                                     std::string_view suffix,
                                     std::string_view snapshot_dir,
                                     const bind_options& options) {
  auto plan = plan_rootfs_dir(layout, container_id, suffix);
  if (!plan)
    return plan.err();
  if (auto checked = check_source(layout, snapshot_dir); !checked)
    return checked.err();
  auto target = layout.host_snapshot_dir(container_id);
  if (suffix == base_name(target))
    return error{errc::invalid_argument,
                 "rootfs.suffix '" + std::string{suffix}
                   + "' is the name of the snapshot directory"};
  add_bind(*plan, snapshot_dir, std::move(target), options);
  return plan;
}

result<mount_plan> plan_unshare_nydus_rootfs(const share_layout& layout,
                                             std::string_view container_id,
                                             std::string_view suffix) {
  auto removal = plan_remove_rootfs_dir(layout, container_id, suffix);
  if (!removal)
    return removal.err();
  auto plan = empty_plan(layout, on_failure::go_on);
  add_unbind(plan, layout.host_snapshot_dir(container_id));
  append(plan, *std::move(removal));
  return plan;
}

} // namespace fsshare
