// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mount/mount_plan.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "sys/mount/opened_source.hpp"
#include "tests/support/private_mounts.hpp"

#include <cstddef>
#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace fsshare::test {

/// One way in which mounts are made in a test.
struct mount_way {
  mount_api_choice api = mount_api_choice::new_api;
  parent_mount parent = parent_mount::closed;
};

/// Opens the sources of a plan, as SANDBOX has READER POOL do it.
inline opened_sources open_sources(const mount_plan& plan) {
  opened_sources all;
  for (const auto& path : outside_sources(plan))
    all.emplace(path, open_source(path));
  return all;
}

/// A share root, a sandbox `box` and sources below one private tmpfs, and plans
/// run by the real kernel.
struct mount_fixture {
  explicit mount_fixture(const mount_way& way)
    : work(way.parent), api(way.api), layout(work / "share", "box", "/guest") {
    if (!work.unavailable().empty())
      return;
    work.make_dir("share");
    work.write("source/key", "value");
    start();
  }

  /// Begins as another process does that knows nothing of the former one.
  void start() {
    auto made = make_kernel_mount(api, layout.share_root());
    REQUIRE_MESSAGE(made, (made ? "" : made.err().message));
    kernel = *std::move(made);
  }

  result<plan_done> run(const mount_plan& plan) {
    return fsshare::run(plan, *kernel, open_sources(plan));
  }
  result<plan_done> run(const result<mount_plan>& plan) {
    if (!plan)
      return plan.err();
    return run(*plan);
  }
  /// Runs a plan that must not fail nor leave anything.
  void must_run(const result<mount_plan>& plan) {
    const auto done = run(plan);
    REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
    const auto nothing_left = check_nothing_left(*done);
    REQUIRE_MESSAGE(nothing_left,
                    (nothing_left ? "" : nothing_left.err().message));
  }
  void prepare() {
    must_run(plan_prepare(layout, {}, submounts::take));
  }
  void share(const std::string& name, const std::string& source,
             const bind_options& options) {
    must_run(plan_share(layout, name, source, options));
  }
  /// Checks that a source is refused since it leads into the share root.
  void must_refuse_as_ours(const std::string& name,
                           const bind_options& options) {
    const auto source = work / name;
    const auto done = run(plan_share(layout, "c", source, options));
    REQUIRE_MESSAGE(!done, source);
    CHECK(done.err().code == errc::invalid_argument);
    CHECK_MESSAGE(done.err().message.ends_with(": source '" + source
                                               + "' leads into the share root '"
                                               + layout.share_root() + "'"),
                  done.err().message);
  }
  void cleanup() {
    must_run(plan_cleanup(layout));
  }
  /// Where the file server sees a share.
  std::string shared(const std::string& name) const {
    return layout.shared_dir() + "/" + name;
  }

  private_mounts work;
  mount_api_choice api;
  share_layout layout;
  std::unique_ptr<mount_executor> kernel;
};

/// Returns the plan; the case ends if there is none.
inline mount_plan checked_plan(result<mount_plan> plan) {
  REQUIRE(plan);
  return *std::move(plan);
}

constexpr bind_options read_write{access::read_write, submounts::take,
                                  propagation::closed};
constexpr bind_options read_only{access::read_only, submounts::take,
                                 propagation::closed};

/// Runs a scenario with both mount APIs, on a file system that passes mount
/// events on and on one that does not.
template <class Scenario>
void for_each_way(Scenario scenario) {
  for (const auto api : {mount_api_choice::new_api, mount_api_choice::classic})
    for (const auto parent : {parent_mount::closed, parent_mount::shared}) {
      INFO("api ", api == mount_api_choice::classic ? "classic" : "new",
           ", parent ", parent == parent_mount::shared ? "shared" : "private");
      mount_fixture fixture{{api, parent}};
      if (!fixture.work.unavailable().empty()) {
        MESSAGE("skipped: ", fixture.work.unavailable());
        return;
      }
      scenario(fixture);
    }
}

} // namespace fsshare::test
