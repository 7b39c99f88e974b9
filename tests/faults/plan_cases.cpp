// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/plan_cases.hpp"

#include "core/paths.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <utility>

namespace fsshare::test {

namespace {

constexpr const char* sources[] = {"source", "nested", "source/key"};

std::string text_of(const bind_options& options) {
  return " (" + to_string(options) + ")";
}

std::vector<bind_options> all_options() {
  std::vector<bind_options> all;
  for (const auto how : {access::read_write, access::read_only})
    for (const auto below : {submounts::take, submounts::leave})
      for (const auto flow : {propagation::closed, propagation::slave})
        all.push_back({how, below, flow});
  return all;
}

mount_plan prepare_plan(const mount_fixture& f, std::size_t binds,
                        submounts taken) {
  std::vector<sandbox_bind> list{{f.work / "source", false},
                                 {f.work / "nested", false},
                                 {f.work / "source/key", true}};
  list.resize(binds);
  return checked_plan(plan_prepare(f.layout, list, taken));
}

mount_plan share_plan(const mount_fixture& f, const std::string& name,
                      const std::string& source, const bind_options& options) {
  return checked_plan(plan_share(f.layout, name, f.work / source, options));
}

mount_plan nydus_plan(const mount_fixture& f, const std::string& suffix,
                      const bind_options& options) {
  return checked_plan(plan_nydus_rootfs(f.layout, "n" + suffix, suffix,
                                        f.work / "nested", options));
}

mount_plan rootfs_plan(const mount_fixture& f, const bind_options& options) {
  return checked_plan(plan_rootfs(f.layout, "c", f.work / "nested", options));
}

// The directory that is shared by all stays until the sandbox ends.
mount_plan watchable_reverse(const mount_fixture& f) {
  auto plan = plan_unshare(f.layout, "c-1-s");
  plan.steps.emplace_back(remove_directory{f.layout.watchable_dir()});
  return plan;
}

std::string mark_of(const mount_fixture& f) {
  return copy_mark_path(f.work / "marks", "box");
}

} // namespace

void make_sources(mount_fixture& f) {
  f.work.make_dir("marks");
  f.work.write("nested/key", "nested");
  f.work.mount_tmpfs("nested/inner");
  f.work.write("nested/inner/key", "inner");
}

std::vector<plan_case> making_plans(mount_fixture& f) {
  const auto cleanup = plan_cleanup(f.layout);
  const auto prepare = prepare_plan(f, 0, submounts::take);
  std::vector<plan_case> cases;
  cases.push_back({"prepare for copies",
                   {},
                   plan_prepare_copy(f.layout, mark_of(f)),
                   plan_cleanup_copy(f.layout, mark_of(f))});
  for (std::size_t binds = 0; binds <= 3; ++binds)
    for (const auto taken : {submounts::take, submounts::leave})
      cases.push_back({"prepare with " + std::to_string(binds) + " binds",
                       {},
                       prepare_plan(f, binds, taken),
                       cleanup});
  for (const auto& options : all_options()) {
    for (const auto* source : sources)
      cases.push_back({std::string{"share "} + source + text_of(options),
                       {prepare},
                       share_plan(f, "c-1-s", source, options),
                       plan_unshare(f.layout, "c-1-s")});
    cases.push_back({"share for the guest's watcher" + text_of(options),
                     {prepare},
                     checked_plan(plan_watchable_share(
                       f.layout, "c-1-s", f.work / "source", options)),
                     watchable_reverse(f)});
    cases.push_back({"share a rootfs" + text_of(options),
                     {prepare},
                     rootfs_plan(f, options),
                     checked_plan(plan_unshare_rootfs(f.layout, "c"))});
  }
  const bind_options snapshot{access::read_write, submounts::take,
                              propagation::slave};
  for (const std::string suffix : {"rootfs", ""})
    cases.push_back({"share a nydus rootfs '" + suffix + "'",
                     {prepare},
                     nydus_plan(f, suffix, snapshot),
                     checked_plan(plan_unshare_nydus_rootfs(
                       f.layout, "n" + suffix, suffix))});
  for (const std::string suffix : {"rootfs", ""})
    cases.push_back(
      {"share a rootfs on a device '" + suffix + "'",
       {prepare},
       checked_plan(plan_rootfs_dir(f.layout, "d", suffix)),
       checked_plan(plan_remove_rootfs_dir(f.layout, "d", suffix))});
  return cases;
}

std::vector<plan_case> removing_plans(mount_fixture& f) {
  const auto cleanup = plan_cleanup(f.layout);
  std::vector<mount_plan> full{
    prepare_plan(f, 3, submounts::take), rootfs_plan(f, read_only),
    nydus_plan(f, "rootfs", read_write), nydus_plan(f, "", read_only),
    checked_plan(plan_rootfs_dir(f.layout, "d", "rootfs"))};
  for (const auto* source : sources) {
    const std::string name{base_name(source)};
    full.push_back(share_plan(f, "c-1-" + name, source, read_write));
    full.push_back(share_plan(f, "c-2-" + name, source, read_only));
  }
  auto several = plan_unshare(f.layout, "c-1-source");
  append(several, plan_unshare(f.layout, "c-2-key"));
  append(several, checked_plan(plan_unshare_rootfs(f.layout, "c")));
  std::vector<plan_case> cases;
  const auto add
    = [&](std::string name, std::vector<mount_plan> before, mount_plan plan) {
        cases.push_back({std::move(name),
                         std::move(before),
                         std::move(plan),
                         {f.layout, on_failure::go_on, {}}});
      };
  add("clean up an empty sandbox", {prepare_plan(f, 0, submounts::take)},
      cleanup);
  add("clean up copies", {plan_prepare_copy(f.layout, mark_of(f))},
      plan_cleanup_copy(f.layout, mark_of(f)));
  add("clean up a full sandbox", full, cleanup);
  add("clean up nothing", {}, plan_cleanup_unknown(f.layout, mark_of(f)));
  for (const auto* source : sources)
    for (const auto* prefix : {"c-1-", "c-2-"}) {
      const auto name = prefix + std::string{base_name(source)};
      add("unshare " + name, full, plan_unshare(f.layout, name));
    }
  add("unshare a rootfs", full,
      checked_plan(plan_unshare_rootfs(f.layout, "c")));
  for (const std::string suffix : {"rootfs", ""})
    add(
      "unshare a nydus rootfs '" + suffix + "'", full,
      checked_plan(plan_unshare_nydus_rootfs(f.layout, "n" + suffix, suffix)));
  add("unshare a rootfs on a device", full,
      checked_plan(plan_remove_rootfs_dir(f.layout, "d", "rootfs")));
  add("unshare a container", full, several);
  return cases;
}

world look_at_world(const mount_fixture& f) {
  return {mount_table(), describe_tree(f.work.path())};
}

std::string describe_sources(const mount_fixture& f) {
  return describe_tree(f.work / "source") + describe_tree(f.work / "nested");
}

void check_same(const world& before, const mount_fixture& f) {
  const auto now = look_at_world(f);
  CHECK(now.files == before.files);
  CHECK(now.mounts == before.mounts);
}

bool names_step(const std::string& sentence, const mount_plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [&](const mount_step& step) {
                       return sentence.starts_with(describe(step) + ": ");
                     });
}

} // namespace fsshare::test
