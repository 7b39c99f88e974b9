// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/shown_node.hpp"
#include "tests/support/eventually.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>

using namespace fsshare;
using namespace fsshare::test;

TEST_SUITE_BEGIN("integration/status_page");

TEST_CASE("the status page's data follows a rotation, and says why a copy is "
          "stale") {
  shown_node w;
  auto volumes = w.volumes();
  REQUIRE(volumes.size() == 1);
  CHECK(volumes.at(0).at("path") == w.volume);
  const auto first = volumes.at(0).at("generation").get<std::string>();
  const auto copy = volumes.at(0).at("copies").at(0);
  CHECK(copy.at("sandbox") == "sb");
  CHECK(copy.at("generation") == first);
  CHECK(copy.at("current") == true);
  CHECK(w.volumes("?stale=1").empty());
  w.guest.process().stop();
  w.kubelet.rotate({{"key", {"second"}}});
  CHECK(eventually([&] {
    return w.volumes("?stale=1").size() == 1;
  }));
  volumes = w.volumes("?search=settings");
  REQUIRE(volumes.size() == 1);
  CHECK(volumes.at(0).at("generation") != first);
  CHECK(volumes.at(0).at("copies").at(0).at("generation") == first);
  CHECK_FALSE(volumes.at(0).at("copies").at(0).at("reason") == "");
  const auto events = nlohmann::json::parse(get(w.port, "/status/events"));
  bool is_hinted = false;
  for (const auto& each : events.at("events"))
    is_hinted = is_hinted
                || (each.at("event") == "volume-hinted"
                    && each.at("volume") == w.volume);
  CHECK(is_hinted);
  w.guest.process().signal(SIGCONT);
  CHECK(eventually([&] {
    return w.volumes("?stale=1").empty();
  }));
  const auto sandboxes
    = nlohmann::json::parse(get(w.port, "/status/sandboxes"));
  CHECK(sandboxes.at("sandboxes").at(0).at("sandbox") == "sb");
  CHECK(sandboxes.at("sandboxes").at(0).at("owner").at("is") == "nobody");
}

TEST_CASE("no status page is shown unless it is asked for") {
  const auto port = free_port();
  const node_process node{R"("http": {"listen": "127.0.0.1:)"
                          + std::to_string(port) + R"("})"};
  for (const char* target : {"/", "/status/volumes", "/status/sandboxes"})
    CHECK(get(port, target, 404).find("http.status_page") != std::string::npos);
}
