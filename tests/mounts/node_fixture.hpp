// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/control_client.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"

#include <array>
#include <doctest/doctest.h>
#include <string>

namespace fsshare::test {

/// A node agent in a mount namespace with this test, and what it may share.
struct node_fixture {
  explicit node_fixture(const std::string& config) : node(config) {
    work.write("source/key", "value");
    work.mount_tmpfs("source/inner");
    work.write("source/inner/key", "inner");
    work.write("volumes/kubernetes.io~configmap/small/a", "1");
    work.make_dir("rootfs/bin");
  }

  private_mounts work;
  node_process node;
};

/// Runs a scenario with a node agent of each mount API.
template <class Scenario>
void for_each_api(Scenario scenario) {
  for (const auto* config :
       {R"("mounts": {"api": "new"})", R"("mounts": {"api": "classic"})"}) {
    INFO(config);
    if (const private_mounts probe; !probe.unavailable().empty()) {
      MESSAGE("skipped: ", probe.unavailable());
      return;
    }
    node_fixture f{config};
    scenario(f);
    CHECK(f.node.program().terminate() == 0);
  }
}

} // namespace fsshare::test
