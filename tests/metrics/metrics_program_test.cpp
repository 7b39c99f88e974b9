// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/known_metrics.hpp"
#include "tests/metrics/http_peer.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <sstream>
#include <string>

using namespace fsshare;
using namespace fsshare::test;

namespace {

std::string http_at(std::uint16_t port) {
  return R"("http": {"listen": "127.0.0.1:)" + std::to_string(port) + R"("})";
}

/// A node agent that shares a Secret with a guest.
struct measured_node {
  measured_node() {
    rotate("first");
    run({"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
         to_string(guest.address())});
    run({"share", "add", "sb", "c1", volume, "/etc/secret"});
  }

  void rotate(const std::string& value) {
    kubelet.rotate({{"password-file", {"hush-" + value}}});
  }
  void run(const std::vector<std::string>& arguments) const {
    const auto done = run_fssharectl(node.socket(), arguments);
    REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
  }
  std::string scrape() const {
    return get(port, "/metrics");
  }

  std::uint16_t port = free_port();
  temp_dir dir;
  std::string volume
    = dir.make_dir("pods/uid-1/volumes/kubernetes.io~secret/credentials");
  rotator kubelet{volume, kubelet_order::from_1_27};
  node_process node{http_at(port)};
  guest_process guest;
};

bool is_known(const std::string& name) {
  return std::any_of(known_metrics.begin(), known_metrics.end(),
                     [&name](const auto& each) {
                       return each.name == name;
                     });
}

} // namespace

TEST_SUITE_BEGIN("integration/metrics");

TEST_CASE("each rotation is one lag in the metrics, by the type of its volume, "
          "and the first copy is none") {
  measured_node m;
  const std::string lag = "kata_fsshare_propagation_lag_seconds";
  const auto count = lag + R"(_count{volume_type="secret"})";
  CHECK(value_of(m.scrape(), count) == 0);
  for (int n = 1; n <= 3; ++n) {
    m.rotate(std::to_string(n));
    CHECK(eventually([&] {
      return value_of(m.scrape(), count) == n;
    }));
  }
  const auto text = m.scrape();
  const auto sum = value_of(text, lag + R"(_sum{volume_type="secret"})");
  CHECK(sum > 0);
  CHECK(sum < 30);
  CHECK(value_of(text, lag + R"(_bucket{volume_type="secret",le="+Inf"})")
        == 3);
  CHECK(value_of(text, R"(kata_fsshare_orders_total{order="push",result="ok"})")
        == 4);
  CHECK(value_of(text, R"(kata_fsshare_destinations{state="current"})") == 1);
  CHECK(value_of(text, R"(kata_fsshare_destinations{state="stale"})") == 0);
  CHECK(value_of(text, R"(kata_fsshare_sandboxes{state="prepared"})") == 1);
  CHECK(value_of(text, R"(kata_fsshare_owners{state="nobody"})") == 1);
  CHECK(value_of(text, R"(kata_fsshare_owners{state="alive"})") == 0);
  CHECK(value_of(text, R"(kata_fsshare_actor_up{actor="owners"})") == 1);
  CHECK(value_of(text, R"(kata_fsshare_actor_up{actor="registry"})") == 1);
  CHECK(value_of(text, "process_open_fds") > 5);
}

TEST_CASE("a scrape has only metrics of the list, and nothing that a user "
          "wrote") {
  measured_node m;
  const auto text = m.scrape();
  std::istringstream lines{text};
  std::size_t seen = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("# TYPE ")) {
      std::istringstream words{line.substr(7)};
      std::string name;
      words >> name;
      CHECK_MESSAGE(is_known(name), name);
      ++seen;
    }
  CHECK(seen > 15);
  for (const char* secret :
       {"hush", "password", "credentials", "uid-1", "/etc/secret"})
    CHECK_MESSAGE(text.find(secret) == std::string::npos, secret);
}

TEST_CASE("a guest that hangs is no reason not to live or not to be ready") {
  measured_node m;
  m.guest.process().stop();
  m.rotate("unseen");
  CHECK(get(m.port, "/livez") == "ok");
  CHECK(get(m.port, "/readyz?verbose").find("[+]serving ok\n")
        != std::string::npos);
  CHECK(eventually([&] {
    return value_of(m.scrape(), R"(kata_fsshare_destinations{state="stale"})")
           == 1;
  }));
  CHECK(value_of(m.scrape(), "kata_fsshare_stale_seconds_max") > 0);
  m.guest.process().signal(SIGCONT);
  CHECK(eventually([&] {
    return value_of(m.scrape(), R"(kata_fsshare_destinations{state="current"})")
           == 1;
  }));
}

TEST_CASE("an address that another has is no reason not to start, and is "
          "taken when it is free") {
  const auto port = free_port();
  std::optional<node_process> first{http_at(port)};
  node_process second{http_at(port)};
  CHECK(get(port, "/livez") == "ok");
  first.reset();
  CHECK(eventually([&] {
    try {
      return get(port, "/livez") == "ok";
    } catch (const std::exception&) {
      return false;
    }
  }));
  CHECK(second.program().terminate() == 0);
  const auto log = second.program().errors();
  CHECK_MESSAGE(log.find("http=\"unavailable: listen on 127.0.0.1:")
                  != std::string::npos,
                log);
}

TEST_CASE("a socket file serves too, and is root's alone") {
  const temp_dir dir;
  const auto path = dir / "metrics.sock";
  const node_process node{R"("http": {"listen": "unix://)" + path + R"("})"};
  const auto got = run_process({"/usr/bin/stat", "-c", "%a %F", path});
  CHECK(got.output == "600 socket\n");
}
