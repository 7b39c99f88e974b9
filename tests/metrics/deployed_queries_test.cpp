// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/deployed_queries.hpp"
#include "tests/metrics/http_peer.hpp"
#include "tests/metrics/promql_names.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

TEST_SUITE_BEGIN("integration/metrics");

TEST_CASE("a running node agent has every series that the dashboard and the "
          "rules ask for") {
  const auto port = free_port();
  const temp_dir dir;
  const auto volume
    = dir.make_dir("pods/uid-1/volumes/kubernetes.io~secret/credentials");
  rotator kubelet{volume, kubelet_order::from_1_27};
  kubelet.rotate({{"key", {"first"}}});
  const node_process node{R"("http": {"listen": "127.0.0.1:)"
                          + std::to_string(port) + R"("})"};
  const guest_process guest;
  const auto run = [&node](const std::vector<std::string>& arguments) {
    const auto done = run_fssharectl(node.socket(), arguments);
    REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
  };
  run({"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
       to_string(guest.address())});
  run({"share", "add", "sb", "c1", volume, "/etc/secret"});
  kubelet.rotate({{"key", {"second"}}});
  REQUIRE(eventually([port] {
    return value_of(get(port, "/metrics"),
                    "kata_fsshare_propagation_lag_seconds_count{volume_type="
                    "\"secret\"}")
           == 1;
  }));
  const auto scrape = get(port, "/metrics");
  for (const auto& queries : {dashboard_queries(), rule_queries()})
    for (const auto& each : queries)
      for (const auto& wrong : missing_in_scrape(each.query, scrape))
        FAIL_CHECK(each.where << ": " << wrong);
}
