// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/metrics/http_peer.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare::test {

/// A node agent with a status page that shares a ConfigMap with a guest.
struct shown_node {
  shown_node() {
    kubelet.rotate({{"key", {"first"}}});
    run({"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
         to_string(guest.address())});
    run({"share", "add", "sb", "c1", volume, "/etc/config"});
  }
  void run(const std::vector<std::string>& arguments) const {
    const auto done = run_fssharectl(node.socket(), arguments);
    REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
  }
  nlohmann::json volumes(const std::string& query = {}) const {
    return nlohmann::json::parse(get(port, "/status/volumes" + query))
      .at("volumes");
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port) + "/";
  }

  std::uint16_t port = free_port();
  temp_dir dir;
  std::string volume
    = dir.make_dir("pods/uid-1/volumes/kubernetes.io~configmap/settings");
  rotator kubelet{volume, kubelet_order::from_1_27};
  node_process node{R"("http": {"status_page": true, "listen": "127.0.0.1:)"
                    + std::to_string(port) + R"("})"};
  guest_process guest;
};

} // namespace fsshare::test
