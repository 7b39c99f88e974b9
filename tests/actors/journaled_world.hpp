// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace fsshare::test {

/// The contents of a volume's `n`th generation.
inline payload numbered(int n) {
  const auto text = std::to_string(n);
  return {{"a", {text}}, {"d/b", {text}}, {"key-" + text, {text}}};
}

/// A node agent that writes down what it does, and one guest.
struct journaled_world : node_world {
  explicit journaled_world(chooser& c, node_config config = {})
    : node_world(c, std::move(config), journaling::on) {
  }

  void restart() {
    kill();
    start();
  }
  /// The node agent is killed after some steps more, wherever it is then.
  void restart_somewhere(std::size_t most) {
    run_some(*this, most);
    restart();
  }
  /// Asks again as a client does where something ended meanwhile, or where its
  /// connection did.
  template <class Reply, class Request>
  Reply ask_until_answered(const Request& request) {
    for (int tries = 0; tries < 100; ++tries) {
      const auto deaths_before = deaths().size();
      const auto got = actors.call<Reply>(node, request);
      for (int n = 0; n < 1000 && !*got && deaths().size() == deaths_before;
           ++n) {
        settle();
        if (!*got)
          pass(std::chrono::milliseconds{100});
      }
      // What the dead say, whose connections have ended, nobody hears.
      if (deaths().size() == deaths_before && !actors.has_deaths()) {
        if (*got && **got)
          return ***got;
        REQUIRE_MESSAGE(*got, "no answer to a request");
        REQUIRE_MESSAGE(((**got).err().code == errc::aborted
                         || (**got).err().code == errc::unavailable),
                        (**got).err().message);
      }
      pass(std::chrono::milliseconds{100});
    }
    FAIL("never answered");
    return {};
  }
  sandbox_status sandbox() {
    const auto got = ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(got);
    return got->sandbox;
  }
  /// What the guest was sent, but for looks whether something is there.
  std::vector<std::string> sent() {
    auto all = guest("s1").carried_out;
    std::erase_if(all, [](const std::string& path) {
      return path.ends_with("/look") || path.ends_with("..fsshare-none");
    });
    return all;
  }
  /// Nothing is in the guest, and nothing is to be removed there.
  void check_empty() {
    CHECK(std::filesystem::is_empty(dir / "guest-s1"));
    const auto shown = sandbox();
    CHECK(shown.leftovers.listed.empty());
    CHECK(shown.held_bytes == 0);
  }
};

} // namespace fsshare::test
