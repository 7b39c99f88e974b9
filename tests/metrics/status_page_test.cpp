// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/http_peer.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <thread>

using namespace fsshare;
using namespace fsshare::test;

namespace {

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

  std::uint16_t port = free_port();
  temp_dir dir;
  std::string volume
    = dir.make_dir("pods/uid-1/volumes/kubernetes.io~configmap/settings");
  rotator kubelet{volume, kubelet_order::from_1_27};
  node_process node{R"("http": {"status_page": true, "listen": "127.0.0.1:)"
                    + std::to_string(port) + R"("})"};
  guest_process guest;
};

} // namespace

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

TEST_CASE("a browser shows volumes, updates them during rotations, and has "
          "nothing to complain of") {
  if (run_process({"/bin/sh", "-c", "command -v chromium"}).exit_code != 0) {
    MESSAGE("skipped: there is no chromium");
    return;
  }
  shown_node w;
  std::jthread rotations{[&w](const std::stop_token& end) {
    for (int i = 0; !end.stop_requested(); ++i) {
      w.kubelet.rotate({{"key", {std::to_string(i)}}});
      std::this_thread::yield();
    }
  }};
  // Its clock runs as fast as answers come.
  const std::string browse
    = "exec timeout 90 chromium --headless --no-sandbox --disable-gpu "
      "--disable-dev-shm-usage --no-first-run --user-data-dir=\"$1\" "
      "--enable-logging=stderr --virtual-time-budget=120000 --dump-dom \"$2\"";
  const auto seen
    = run_process({"/bin/sh", "-c", browse, "sh", w.dir / "browser",
                   "http://127.0.0.1:" + std::to_string(w.port) + "/"});
  rotations.request_stop();
  rotations.join();
  REQUIRE_MESSAGE(seen.exit_code == 0, seen.errors);
  const auto has = [&seen](const std::string& part) {
    return seen.output.find(part) != std::string::npos;
  };
  CHECK(has("Pod uid-1"));
  CHECK(has(">settings</span>"));
  CHECK(has(">Node agent</dt><dd class=\"good\">ready</dd>"));
  CHECK(has("<p id=\"trouble\" role=\"alert\"></p>"));
  // It has seen several generations reach the guest.
  CHECK_MESSAGE(has("aria-label=\"The last "), seen.output);
  CHECK_MESSAGE(seen.errors.find("CONSOLE") == std::string::npos, seen.errors);
}
