// SPDX-License-Identifier: Apache-2.0
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Whether `parts` come in `text`, in that order.
bool in_order(const std::string& text, const std::vector<std::string>& parts) {
  std::size_t at = 0;
  for (const auto& part : parts) {
    at = text.find(part, at);
    if (at == std::string::npos)
      return false;
  }
  return true;
}

/// Whether a program goes on to print a line with that.
bool prints(child_process& program, const std::string& part) {
  while (const auto line = program.read_line())
    if (has(*line, part))
      return true;
  return false;
}

/// A node agent that shares a ConfigMap with a guest.
struct sharing_node {
  sharing_node() {
    kubelet.rotate({{"key", {"first"}}});
    told({"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
          to_string(guest.address())});
    told({"share", "add", "sb", "c1", volume, "/etc/config"});
  }
  std::string told(const std::vector<std::string>& arguments) const {
    const auto done = run_fssharectl(node.socket(), arguments);
    REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
    return done.output;
  }

  temp_dir dir;
  std::string volume
    = dir.make_dir("pods/uid-1/volumes/kubernetes.io~configmap/settings");
  rotator kubelet{volume, kubelet_order::from_1_27};
  node_process node;
  guest_process guest;
};

} // namespace

TEST_SUITE_BEGIN("integration/events_program");

TEST_CASE("what happened to a share is listed, and why a copy is stale is "
          "explained") {
  sharing_node w;
  const auto first = w.told({"events", "--sandbox", "sb"});
  CHECK_MESSAGE(
    in_order(first, {"  sandbox-prepared  sb: ", "  push-begun  sb ",
                     "  guest-connected  sb: ", "  generation-live  sb ",
                     "  file-shared  sb "}),
    first);
  // No contents.
  CHECK_FALSE(has(first, "first"));
  w.guest.process().signal(SIGKILL);
  w.guest.process().wait();
  w.kubelet.rotate({{"key", {"second"}}});
  std::string why;
  CHECK(eventually([&] {
    why = w.told({"volume", "explain", w.volume});
    return has(why, "guest-lost")
           && in_order(why,
                       {"volume:          " + w.volume + "\n",
                        "sandbox:          sb\n", "state:            stale\n",
                        "reason:", "generation-live", "volume-hinted",
                        "generation-read", "push-begun"});
  }));
  INFO(why);
  w.guest.restart();
  CHECK(eventually([&] {
    return has(w.told({"volume", "explain", w.volume, "--sandbox", "sb"}),
               "state:            current\n");
  }));
  const auto all
    = json::parse(w.told({"events", "--volume", w.volume, "-o", "json"}));
  CHECK(all.at("lost") == "0");
  std::uint64_t last = 0;
  for (const auto& each : all.at("events")) {
    const auto number = std::stoull(each.at("number").get<std::string>());
    CHECK(number > last);
    last = number;
    // After 2020: by the clock on the wall.
    CHECK(std::stoll(each.at("time_ns").get<std::string>())
          > 1'577'836'800'000'000'000);
  }
  CHECK(all.at("events").size() > 5);
}

TEST_CASE("whoever follows sees a rotation when it happens, and holds up "
          "nothing when he stands still") {
  sharing_node w;
  child_process follower{{fssharectl_program(), "--endpoint", w.node.socket(),
                          "events", "-f", "--volume", w.volume}};
  CHECK(prints(follower, "file-shared"));
  w.kubelet.rotate({{"key", {"second"}}});
  const auto second = w.kubelet.written();
  CHECK(prints(follower, "push of " + second + " begun"));
  CHECK(prints(follower, "the guest acknowledged generation"));
  follower.stop();
  for (int n = 0; n < 5; ++n) {
    w.kubelet.rotate({{"key", {std::to_string(n)}}});
    CHECK(eventually([&] {
      return has(w.told({"volume", "ls"}), "  current  ");
    }));
  }
  follower.signal(SIGCONT);
  const auto newest = w.kubelet.written();
  CHECK(prints(follower, "push of " + newest + " begun"));
  // Its wait ends with it.
  follower.signal(SIGKILL);
  follower.wait();
  CHECK(w.node.program().terminate() == 0);
}

TEST_SUITE_END();
