// SPDX-License-Identifier: Apache-2.0
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// What a proxy was left.
struct ledger {
  std::vector<std::string> taken;
  bool takes = true;
};

/// A GUEST PROXY of a guest that takes every copy and removes nothing.
struct keeping_proxy_state {
  using handle = guest_proxy_actor;
  static constexpr const char* name = "keeping-proxy";

  keeping_proxy_state(handle::pointer s, std::shared_ptr<ledger> l)
    : self(s), notes(std::move(l)) {
  }

  static order_outcome outcome_of(const guest_order& order) {
    order_outcome out;
    out.complete = true;
    out.flip = flip_state::acknowledged;
    if (const auto* removal = std::get_if<removal_order>(&order)) {
      out.complete = false;
      out.err = {errc::internal, "busy"};
      out.removals.assign(removal->steps.size(), removal_result::impossible);
    }
    return out;
  }

  handle::behavior_type make_behavior() {
    return {
      [](const carry_out& msg) {
        return outcome_of(msg.order);
      },
      [](const stop_order&) {},
      [](const copy_tree&) {
        return tree_copied{};
      },
      [](const remove_copy&) {
        return copy_removed{};
      },
      [this](const take_leftover& msg) -> caf::result<void> {
        notes->taken.push_back(msg.guest_root);
        if (notes->takes)
          return caf::unit;
        waiting.emplace_back(self);
        return waiting.back();
      },
      [](const await_lost_trees&) {
        return lost_trees{};
      },
      [](const guest_status_request&) {
        return guest_status{};
      },
      [](const take_over&) {
        return guest_legacy{};
      },
      [](const guest_dialed&) {},
      [](const guest_bytes&) {},
      [](const guest_closed&) {},
      [](const file_retry&) {},
      [](const proxy_tick&) {},
    };
  }

  handle::pointer self;
  std::shared_ptr<ledger> notes;
  /// Answered with an error when this ends.
  std::vector<reply_promise<void>> waiting;
};

struct proxy {
  explicit proxy(node_world& w)
    : actor(w.actors.spawn<state_actor<keeping_proxy_state>>(notes)) {
  }
  std::shared_ptr<ledger> notes = std::make_shared<ledger>();
  guest_proxy_actor actor;
};

constexpr const char* sandbox = "s1";
constexpr const char* root = "/g/s1/copy";

// A copy of a volume is made and ended; its guest keeps it, and the proxy is
// left the leftover but does not say that it takes it.
void leave_leftovers(node_world& w, proxy& p) {
  p.notes->takes = false;
  w.add_volume("cm").rotate({{"a", {"text"}}});
  const auto added = w.actors.call<destination_added>(
    w.registry, add_destination{sandbox, "c1", "copy", w.volume_path("cm"),
                                root, p.actor, false});
  w.settle();
  REQUIRE(*added);
  REQUIRE_MESSAGE(**added, (**added ? "" : (**added).err().message));
  const auto left = w.actors.call<destination_removed>(
    w.registry, remove_destination{sandbox, "copy"});
  w.settle();
  w.pass(3s);
  REQUIRE(*left);
  REQUIRE(**left);
  REQUIRE((**left)->leftovers.size() == 1);
  REQUIRE(p.notes->taken == std::vector<std::string>{root});
}

// The proxy ends before it has taken the leftover.
void end(node_world& w, proxy& p) {
  stop(p.actor);
  p.actor = nullptr;
  w.settle();
}

} // namespace

TEST_SUITE_BEGIN("actors/registry");

TEST_CASE(
  "a leftover that a proxy did not take before it died goes to the one in "
  "its place") {
  for (const bool dies_first : {true, false}) {
    chooser choose{1};
    node_world w{choose};
    proxy first{w};
    proxy next{w};
    leave_leftovers(w, first);
    if (dies_first)
      end(w, first);
    caf::anon_send(w.registry, replace_proxy{sandbox, next.actor});
    w.settle();
    if (!dies_first)
      end(w, first);
    CHECK(next.notes->taken == std::vector<std::string>{root});
  }
}

TEST_CASE(
  "a leftover of a former sandbox is not left to the next one of its id, "
  "whenever that is told") {
  for (const bool dies_first : {true, false}) {
    chooser choose{1};
    node_world w{choose};
    proxy former{w};
    proxy present{w};
    leave_leftovers(w, former);
    if (dies_first)
      end(w, former);
    caf::anon_send(w.registry, forget_sandbox{sandbox});
    w.settle();
    caf::anon_send(w.registry, replace_proxy{sandbox, present.actor});
    w.settle();
    if (!dies_first)
      end(w, former);
    CHECK(present.notes->taken.empty());
    // Nor is it kept for one that comes later.
    proxy later{w};
    caf::anon_send(w.registry, replace_proxy{sandbox, later.actor});
    w.settle();
    CHECK(later.notes->taken.empty());
  }
}

TEST_SUITE_END();
