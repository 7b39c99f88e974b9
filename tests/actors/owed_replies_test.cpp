// SPDX-License-Identifier: Apache-2.0
#include "messages/node.hpp"
#include "messages/state_actor.hpp"
#include "tests/support/actor_fixture.hpp"

#include <string>
#include <vector>

using namespace fsshare;

namespace {

using server = caf::typed_actor<rpc<get_sandbox_request, get_sandbox_reply>,
                                rpc<cleanup_request, cleanup_reply>>;

/// Answers those who ask for "answer", and keeps the others waiting.
struct keeper_state {
  using handle = server;
  static constexpr const char* name = "keeper";

  explicit keeper_state(handle::pointer self) : self_(self) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const get_sandbox_request& msg) -> caf::result<get_sandbox_reply> {
        if (msg.sandbox_id == "answer")
          return get_sandbox_reply{};
        return kept_.emplace_back(self_);
      },
      [](const cleanup_request&) {
        return cleanup_reply{};
      },
    };
  }

private:
  handle::pointer self_;
  std::vector<reply_promise<get_sandbox_reply>> kept_;
};

/// Asks a keeper, and gives up when it is told to clean up.
struct asker_state {
  using handle = server;
  static constexpr const char* name = "asker";

  asker_state(handle::pointer self, server to)
    : self_(self), to_(std::move(to)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const get_sandbox_request& msg) -> caf::result<get_sandbox_reply> {
        const auto promise = owed_.add(self_);
        ask(self_, to_, msg)
          .then(
            [promise](get_sandbox_reply& reply) {
              promise.deliver(std::move(reply));
            },
            [promise](caf::error& err) {
              promise.deliver(std::move(err));
            });
        return promise;
      },
      [this](const cleanup_request&) {
        owed_.give_up({errc::aborted, "given up"});
        return cleanup_reply{};
      },
    };
  }

private:
  handle::pointer self_;
  server to_;
  const error end_{errc::aborted, "ended"};
  owed_replies<get_sandbox_reply> owed_{end_};
};

struct fixture : test::actor_fixture {
  server aut
    = spawn<state_actor<asker_state>>(spawn<state_actor<keeper_state>>());

  auto get(const std::string& what) {
    get_sandbox_request request;
    request.sandbox_id = what;
    auto asked = call<get_sandbox_reply>(aut, request);
    run();
    return asked;
  }
};

} // namespace

TEST_SUITE_BEGIN("messages/owed_replies");

TEST_CASE_FIXTURE(fixture, "who waits for what an actor has asked for is told "
                           "when that gives up or ends") {
  const auto first = get("wait");
  // More than are kept once they are answered.
  for (int n = 0; n < 100; ++n) {
    const auto answered = get("answer");
    REQUIRE(*answered);
    CHECK(**answered);
  }
  const auto second = get("wait");
  CHECK_FALSE((*first || *second));
  REQUIRE(ask<cleanup_reply>(aut, cleanup_request{}));
  run();
  for (const auto& given_up : {first, second}) {
    REQUIRE(*given_up);
    REQUIRE_FALSE(**given_up);
    CHECK((*given_up)->err() == error{errc::aborted, "given up"});
  }
  const auto third = get("wait");
  CHECK_FALSE(*third);
  stop(aut);
  run();
  REQUIRE(*third);
  REQUIRE_FALSE(**third);
  CHECK((*third)->err() == error{errc::aborted, "ended"});
}

TEST_SUITE_END();
