// SPDX-License-Identifier: Apache-2.0
#include "tests/support/node_world.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

template <class Reply>
using slot = std::shared_ptr<const std::optional<result<Reply>>>;

/// Nobody else answers for a sandbox that ends.
template <class Reply>
bool is_told(const slot<Reply>& asked) {
  if (!*asked)
    return false;
  if (!**asked && (*asked)->err().code == errc::aborted)
    CHECK((*asked)->err().message == "sandbox 's1' is being cleaned up");
  const auto code = **asked ? errc::none : (*asked)->err().code;
  return code == errc::none || code == errc::aborted || code == errc::not_found
         || code == errc::unavailable;
}

} // namespace

TEST_SUITE_BEGIN("actors/node");

TEST_CASE("requests that a Cleanup overtakes are answered, whatever the "
          "schedule") {
  for_each_seed(400, [](chooser& choose) {
    node_world w{choose};
    w.add_sandbox("s1");
    w.add_sandbox("s2");
    std::vector<slot<get_sandbox_reply>> shown;
    std::vector<slot<list_sandboxes_reply>> lists;
    std::vector<slot<start_watcher_reply>> starts;
    std::vector<slot<stop_watcher_reply>> stops;
    for (std::size_t n = 0; n < 3; ++n) {
      shown.push_back(
        w.actors.call<get_sandbox_reply>(w.node, get_sandbox_request{"s1"}));
      lists.push_back(
        w.actors.call<list_sandboxes_reply>(w.node, list_sandboxes_request{}));
      starts.push_back(w.actors.call<start_watcher_reply>(
        w.node, start_watcher_request{"s1"}));
      stops.push_back(
        w.actors.call<stop_watcher_reply>(w.node, stop_watcher_request{"s1"}));
      if (n == choose.pick(3))
        w.actors.call<cleanup_reply>(w.node, cleanup_request{"s1"});
      for (auto steps = choose.pick(8); steps > 0 && w.step(); --steps) {
      }
    }
    const auto cleaned
      = w.actors.call<cleanup_reply>(w.node, cleanup_request{"s1"});
    w.settle();
    CHECK((*cleaned && **cleaned));
    for (const auto& one : shown)
      CHECK(is_told(one));
    for (const auto& one : starts)
      CHECK(is_told(one));
    for (const auto& one : stops)
      CHECK(is_told(one));
    for (const auto& one : lists)
      CHECK((*one && **one && !(**one)->sandboxes.empty()));
  });
}

TEST_CASE("of the sandboxes only the one that is asked for is listed") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.add_sandbox("s1");
    w.add_sandbox("s2");
    const auto listed = [&w](const std::string& id) {
      std::vector<std::string> out;
      const auto got = w.ask<list_sandboxes_reply>(list_sandboxes_request{id});
      REQUIRE(got);
      for (const auto& one : got->sandboxes)
        out.push_back(one.sandbox_id);
      return out;
    };
    using names = std::vector<std::string>;
    CHECK(listed("") == names{"s1", "s2"});
    CHECK(listed("s2") == names{"s2"});
    CHECK(listed("s3") == names{});
  });
}

TEST_SUITE_END();
