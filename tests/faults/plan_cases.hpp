// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/mount_fixture.hpp"

#include <string>
#include <vector>

namespace fsshare::test {

/// One plan that a request can lead to.
struct plan_case {
  std::string name;
  /// Plans that come before it.
  std::vector<mount_plan> before;
  mount_plan plan;
  /// Takes away what the plan made; has no steps if it takes away itself.
  mount_plan reverse;
};

/// Fills the fixture with sources: a directory, one with a mount below, a file.
void make_sources(mount_fixture& f);

/// Every plan that makes something and is all or nothing.
std::vector<plan_case> making_plans(mount_fixture& f);

/// Every plan that takes something away and goes on after failures.
std::vector<plan_case> removing_plans(mount_fixture& f);

/// Everything that a plan could change.
struct world {
  std::vector<mounted_entry> mounts;
  std::string files;
  friend bool operator==(const world&, const world&) = default;
};

world look_at_world(const mount_fixture& f);

/// Returns what the sources of a user hold.
std::string describe_sources(const mount_fixture& f);

/// Checks that nothing differs from before.
void check_same(const world& before, const mount_fixture& f);

/// Returns whether a sentence begins with what a step of the plan does.
bool names_step(const std::string& sentence, const mount_plan& plan);

} // namespace fsshare::test
