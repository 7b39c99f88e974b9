// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/journaled_world.hpp"
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

// Shares and copies that have ended, or were ending, when a node agent was
// killed.

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// Whether a state file has a record that a share is taken away.
bool is_leaving(const journaled_world& w, const std::string& share_id) {
  std::istringstream lines{read_file(w.dir / "state/s1.jsonl")};
  for (std::string line; std::getline(lines, line);)
    if (line.find(R"("share-phase")") != std::string::npos
        && line.find(R"("leaving")") != std::string::npos
        && line.find(share_id) != std::string::npos)
      return true;
  return false;
}

share_file_request volume_or_tree(journaled_world& w) {
  return w.choose.one_in(2) ? w.volume_request("s1", "c1", "cm")
                            : tree_request(w, 5);
}

std::size_t listed_shares(journaled_world& w) {
  const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(got);
  return got->shares.listed.size();
}

} // namespace

TEST_SUITE_BEGIN("actors/adopted_ends");

TEST_CASE("an end of a share that was begun before a kill is brought to its "
          "end, though nobody asks again") {
  for_each_seed(100, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    const auto shared = w.ask_over_time<share_file_reply>(volume_or_tree(w));
    REQUIRE(shared);
    const auto id = shared->share_id;
    w.pass(3s);
    w.actors.call<unshare_file_reply>(w.node, end_of(id));
    while (!is_leaving(w, id))
      REQUIRE(w.step());
    w.restart_somewhere(20);
    w.pass(65s);
    CHECK(listed_shares(w) == 0);
    w.check_empty();
  });
}

TEST_CASE("of copies that had ended before a kill a guest is asked nothing "
          "after it") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto shared = w.ask_over_time<share_file_reply>(volume_or_tree(w));
    REQUIRE(shared);
    w.pass(3s);
    CHECK(unshare(w, shared->share_id).leftovers.empty());
    w.pass(3s);
    for (int starts = 0; starts < 2; ++starts) {
      w.restart();
      guest.carried_out.clear();
      w.pass(40s);
      CHECK(guest.carried_out == std::vector<std::string>{});
      w.check_empty();
    }
  });
}

TEST_SUITE_END();
