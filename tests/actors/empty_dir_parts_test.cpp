// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/shared_copies_fixture.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 60;

} // namespace

TEST_SUITE_BEGIN("actors/shared_copies");

TEST_CASE("parts of an emptyDir lie in its one copy, and those made later are "
          "sent alone") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1");
    const auto source = add_empty_dir(w);
    w.dir.write(empty_dir + "/logs/old", "text");
    auto first
      = w.actors.request(w.node, request_for("c1", source + "/logs", "/log"));
    run_some(w, 80);
    auto second = w.actors.request(w.node, request_for("c2", source, "/data"));
    w.settle();
    const auto one = w.actors.answer<share_file_reply>(first);
    const auto two = w.actors.answer<share_file_reply>(second);
    REQUIRE((one && *one && two && *two));
    CHECK((**one).guest_path == (**two).guest_path + "/logs");
    REQUIRE(guest_names(w).size() == 1);
    const auto copy = w.dir / ("guest-s1/" + guest_names(w).front());
    CHECK(read_file(copy + "/logs/old") == "text");

    std::ofstream{copy + "/logs/old"} << "by the workload";
    w.dir.write(empty_dir + "/new/deep/er", "later");
    const auto sent = guest.carried_out.size();
    auto third = w.actors.request(
      w.node, request_for("c3", source + "/new/deep", "/new"));
    run_some(w, 20);
    auto fourth = w.actors.request(
      w.node, request_for("c4", source + "/new/deep", "/new"));
    w.settle();
    const auto three = w.actors.answer<share_file_reply>(third);
    const auto four = w.actors.answer<share_file_reply>(fourth);
    REQUIRE((three && *three && four && *four));
    CHECK((**three).guest_path == (**two).guest_path + "/new/deep");
    CHECK((**four).guest_path == (**three).guest_path);
    CHECK(guest.carried_out.size() == sent + 3);
    CHECK(read_file(copy + "/new/deep/er") == "later");
    CHECK(read_file(copy + "/logs/old") == "by the workload");
    CHECK(guest_names(w).size() == 1);
    REQUIRE(
      w.ask<share_file_reply>(request_for("c5", source + "/logs", "/again")));
    CHECK(read_file(copy + "/logs/old") == "by the workload");
    CHECK_FALSE(w.ask<share_file_reply>(
      request_for("c6", source + "/missing", "/missing")));
  });
}

TEST_CASE("a writable directory that another container has, too, is said to be "
          "a copy of its own") {
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s1");
  w.dir.write("claim/file", "text");
  const auto share = [&w](const char* container, bool read_only) {
    auto request = request_for(container, w.dir / "claim", "/claim");
    request.mount.read_only = read_only;
    const auto reply = w.ask<share_file_reply>(request);
    REQUIRE(reply);
    return reply->skipped.size();
  };
  CHECK(share("c1", false) == 0);
  CHECK(share("c2", true) == 0);
  CHECK(share("c3", false) == 1);
}

TEST_SUITE_END();
