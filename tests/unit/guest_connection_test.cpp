// SPDX-License-Identifier: Apache-2.0
#include "core/net/guest_connection.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;

namespace state = connection_state;
using loss = guest_connection::loss;
using purpose = guest_connection::purpose;
using question = guest_connection::question;
using step = guest_connection::step;
using verdict = answer_patience::verdict;

namespace {

using edges = std::set<std::string>;

constexpr guest_connection::time_point t0{1h};

// As the table in the header has them, beside those that end in `down`.
const edges table{
  "down, call: dialing",      "dialing, dialed: greeting",
  "dialing, refused: down",   "greeting, check: ready",
  "greeting, check: quiet",   "greeting, version: ready",
  "greeting, version: quiet", "quiet, silence_ends: checking",
  "checking, check: ready",   "checking, check: quiet",
  "ready, look: looking",     "ready, come_up: up",
  "looking, come_up: up",     "up, probe: probing",
  "probing, check: up",
};

edges whole_table() {
  auto all = table;
  for (const std::string from : {"dialing", "greeting", "quiet", "checking",
                                 "ready", "looking", "up", "probing"})
    for (const std::string event : {"lost", "hang_up"})
      all.insert(std::string{from}.append(", ").append(event) + ": down");
  return all;
}

struct state_words {
  std::string operator()(const state::down&) const {
    return "down";
  }
  std::string operator()(const state::dialing&) const {
    return "dialing";
  }
  std::string operator()(const state::greeting&) const {
    return "greeting";
  }
  std::string operator()(const state::quiet&) const {
    return "quiet";
  }
  std::string operator()(const state::checking&) const {
    return "checking";
  }
  std::string operator()(const state::ready&) const {
    return "ready";
  }
  std::string operator()(const state::looking&) const {
    return "looking";
  }
  std::string operator()(const state::up&) const {
    return "up";
  }
  std::string operator()(const state::probing&) const {
    return "probing";
  }
};

std::string word(const guest_connection& c) {
  return std::visit(state_words{}, c.state());
}

// One connection, to which anything happens in any state, in which only some of
// it can.
class walk {
public:
  explicit walk(unsigned seed) : rng_(seed), connection_({}) {
  }

  void run(edges& seen) {
    for (int n = 0; n < 400; ++n) {
      now_ += std::chrono::milliseconds{pick(4) == 0 ? pick(3000) : 0};
      const auto before = word(connection_);
      const auto event = happen();
      const auto after = word(connection_);
      if (after != before)
        seen.insert(
          std::string{before}.append(", ").append(event).append(": " + after));
      CHECK(connection_.is_up() == (after == "up"));
      CHECK(connection_.is_connecting()
            == (after == "down" || after == "dialing" || after == "greeting"));
    }
  }

private:
  unsigned pick(unsigned n) {
    return static_cast<unsigned>(rng_() % n);
  }

  std::string happen() {
    // Otherwise no walk would come far.
    if (pick(12) == 0)
      return end();
    switch (pick(11)) {
    case 0: connection_.call(); return "call";
    case 1: connection_.dialed(); return "dialed";
    case 2: connection_.answered(question::check, now_); return "check";
    case 3: connection_.answered(question::version, now_); return "version";
    case 4: connection_.silence_ends(now_); return "silence_ends";
    case 5: connection_.look(); return "look";
    case 6: connection_.come_up(now_); return "come_up";
    case 7: connection_.probe(); return "probe";
    case 8: connection_.redial_wait_ends(now_); return "redial_wait_ends";
    case 9: connection_.request_sent(now_); return "request_sent";
    default: return take();
    }
  }

  std::string end() {
    switch (pick(3)) {
    case 0: connection_.lost(pick(2), now_); return "lost";
    case 1: connection_.refused(now_); return "refused";
    default: connection_.hang_up(); return "hang_up";
    }
  }

  std::string take() {
    connection_.heard(now_);
    connection_.request_answered();
    connection_.taken(pick(2), now_);
    connection_.doubt_guest(now_);
    connection_.idle_call(now_, now_);
    connection_.silence_at(now_);
    return "take";
  }

  std::mt19937 rng_;
  guest_connection connection_;
  guest_connection::time_point now_ = t0;
};

guest_connection make() {
  return guest_connection{{}};
}

guest_connection dialing() {
  auto c = make();
  REQUIRE(c.call());
  return c;
}

step greet(guest_connection& c, guest_connection::time_point now) {
  c.dialed();
  REQUIRE(c.answered(question::check, now) == step::none);
  return c.answered(question::version, now);
}

void come_up(guest_connection& c, guest_connection::time_point now) {
  REQUIRE(c.call());
  REQUIRE(greet(c, now) == step::ready);
  c.come_up(now);
  REQUIRE(c.is_up());
}

guest_connection up() {
  auto c = make();
  come_up(c, t0);
  return c;
}

// How long nothing is dialed, of a connection that is down.
std::chrono::nanoseconds wait_of(const guest_connection& c,
                                 guest_connection::time_point now) {
  const auto due = std::get<state::down>(c.state()).redial_at;
  return due ? *due - now : 0ns;
}

} // namespace

TEST_SUITE_BEGIN("core/net/guest_connection");

TEST_CASE("every edge of the table of a connection is walked, and no other") {
  const auto wanted = whole_table();
  edges seen;
  for (unsigned seed = 1; seed <= 1000; ++seed) {
    INFO("seed ", seed);
    walk{seed}.run(seen);
  }
  for (const auto& edge : wanted)
    CHECK_MESSAGE(seen.contains(edge), "not walked: ", edge);
  for (const auto& edge : seen)
    CHECK_MESSAGE(wanted.contains(edge), "not in the table: ", edge);
}

TEST_CASE("dials that fail come with back-off up to a second, until a request "
          "is answered") {
  auto c = dialing();
  CHECK_FALSE(c.call());
  auto now = t0;
  std::vector<std::chrono::nanoseconds> waits;
  for (int n = 0; n < 12; ++n) {
    c.refused(now);
    waits.push_back(wait_of(c, now));
    CHECK_FALSE(c.call());
    CHECK_FALSE(c.redial_wait_ends(now + waits.back() - 1ns));
    REQUIRE(c.next_due({}) == now + waits.back());
    now += waits.back();
    CHECK(c.redial_wait_ends(now));
    CHECK_FALSE(c.redial_wait_ends(now));
    REQUIRE(c.call());
  }
  CHECK(waits.front() >= 5ms);
  CHECK(waits.front() <= 10ms);
  CHECK(waits.back() >= 500ms);
  CHECK(waits.back() <= 1s);
  REQUIRE(greet(c, now) == step::ready);
  c.come_up(now);
  SUBCASE("which is the first one") {
    c.request_answered();
    c.lost(0, now);
    REQUIRE(c.call());
    c.refused(now);
    CHECK(wait_of(c, now) <= 10ms);
  }
  SUBCASE("which none was") {
    CHECK(c.lost(1, now) == loss::in_use);
    CHECK(wait_of(c, now) >= 500ms);
  }
}

TEST_CASE("a connection that was of use is dialed again at once, another one "
          "with back-off") {
  auto c = up();
  SUBCASE("a request was answered") {
    c.request_answered();
    CHECK(c.lost(0, t0) == loss::in_use);
    CHECK(c.call());
  }
  SUBCASE("none was") {
    CHECK(c.lost(1, t0) == loss::in_use);
    CHECK_FALSE(c.call());
  }
  SUBCASE("it is dead after a long time without anything to send") {
    c.probe();
    CHECK(c.lost(0, t0) == loss::in_use);
    CHECK(c.call());
  }
  SUBCASE("an earlier one was of use, not this one") {
    c.request_answered();
    c.lost(0, t0);
    come_up(c, t0);
    c.lost(0, t0);
    CHECK_FALSE(c.call());
  }
  SUBCASE("it was of use before it was probed") {
    c.request_answered();
    c.probe();
    CHECK(c.answered(question::check, t0) == step::resumed);
    c.lost(0, t0);
    CHECK(c.call());
  }
  SUBCASE("the answer to a probe is no use") {
    c.probe();
    c.answered(question::check, t0);
    c.lost(0, t0);
    CHECK_FALSE(c.call());
  }
}

TEST_CASE("the end of a connection is told by how far it had come") {
  auto c = dialing();
  SUBCASE("dialing") {
    CHECK(c.lost(0, t0) == loss::unreached);
  }
  SUBCASE("greeting") {
    c.dialed();
    CHECK(c.lost(0, t0) == loss::unreached);
  }
  SUBCASE("quiet") {
    c.expect_stragglers();
    greet(c, t0);
    CHECK(c.lost(0, t0) == loss::greeted);
  }
  SUBCASE("looking") {
    greet(c, t0);
    c.look();
    CHECK(c.lost(0, t0) == loss::greeted);
  }
  // Whatever it was, the next dial has to wait.
  CHECK_FALSE(c.call());
}

TEST_CASE("after a connection with requests that may still happen the next one "
          "is silent first, and then only where a Check is answered soon") {
  auto c = up();
  c.request_answered();
  c.lost(3, t0);
  c.call();
  REQUIRE(greet(c, t0) == step::silence);
  auto now = t0 + 1s;
  CHECK(c.next_due({}) == now);
  CHECK_FALSE(c.silence_ends(now - 1ns));
  REQUIRE(c.silence_ends(now));
  CHECK_FALSE(c.silence_ends(now));
  SUBCASE("soon") {
    CHECK(c.answered(question::check, now + 1s) == step::ready);
  }
  SUBCASE("four times slowly, then soon") {
    for (int n = 0; n < 4; ++n) {
      now += 1001ms;
      REQUIRE(c.answered(question::check, now) == step::silence);
      now += 1s;
      REQUIRE(c.silence_ends(now));
    }
    CHECK(c.answered(question::check, now) == step::ready);
  }
  SUBCASE("always slowly") {
    for (int n = 0; n < 4; ++n) {
      now += 1001ms;
      REQUIRE(c.answered(question::check, now) == step::silence);
      now += 1s;
      REQUIRE(c.silence_ends(now));
    }
    CHECK(c.answered(question::check, now + 1001ms) == step::ready);
  }
  SUBCASE("it is lost before") {
    c.lost(0, now);
    REQUIRE(c.redial_wait_ends(now + 1s));
    REQUIRE(c.call());
    CHECK(greet(c, now + 1s) == step::silence);
    return;
  }
  // That was that.
  c.come_up(now);
  c.request_answered();
  c.lost(0, now);
  REQUIRE(c.call());
  CHECK(greet(c, now) == step::ready);
}

TEST_CASE("what makes the next connection silent") {
  auto c = up();
  c.request_answered();
  const auto after = [&c](std::size_t unanswered) {
    c.lost(unanswered, t0);
    c.redial_wait_ends(t0 + 1s);
    REQUIRE(c.call());
    return greet(c, t0 + 1s);
  };
  SUBCASE("a request without an answer") {
    CHECK(after(1) == step::silence);
  }
  SUBCASE("nothing in flight") {
    CHECK(after(0) == step::ready);
  }
  SUBCASE("a probe without an answer") {
    c.probe();
    CHECK(after(0) == step::ready);
  }
  SUBCASE("a look without an answer") {
    REQUIRE(after(0) == step::ready);
    c.look();
    CHECK(after(0) == step::silence);
  }
  SUBCASE("what somebody else has sent") {
    c.expect_stragglers();
    CHECK(after(0) == step::silence);
  }
}

TEST_CASE("without a time to be silent nothing is") {
  guest_connection::settings s;
  s.quiet_time = 0s;
  guest_connection c{s};
  c.expect_stragglers();
  c.call();
  CHECK(greet(c, t0) == step::ready);
}

TEST_CASE("a Check is slow that takes longer than the silence") {
  guest_connection::settings s;
  s.quiet_time = 3s;
  guest_connection c{s};
  c.expect_stragglers();
  c.call();
  REQUIRE(greet(c, t0) == step::silence);
  REQUIRE(c.silence_ends(t0 + 3s));
  SUBCASE("as long") {
    CHECK(c.answered(question::check, t0 + 6s) == step::ready);
  }
  SUBCASE("longer") {
    CHECK(c.answered(question::check, t0 + 6001ms) == step::silence);
  }
}

TEST_CASE("the greeting ends with both answers, in any order") {
  auto c = dialing();
  c.dialed();
  CHECK(c.answered(question::version, t0) == step::none);
  CHECK(c.answered(question::version, t0) == step::none);
  CHECK(c.is_connecting());
  CHECK(c.answered(question::check, t0) == step::ready);
}

TEST_CASE("what waits for a connection has as long as it may take, the end of "
          "a share less") {
  auto c = make();
  CHECK(c.wait_ends(t0, purpose::copies) == t0 + 30s);
  CHECK(c.wait_ends(t0, purpose::end_of_share) == t0 + 2s);
  c.call();
  c.refused(t0);
  CHECK(c.wait_ends(t0, purpose::copies) == t0 + 30s);
  CHECK(c.wait_ends(t0, purpose::end_of_share) == t0 + 500ms);
  c.redial_wait_ends(t0 + 1s);
  c.call();
  CHECK(c.wait_ends(t0, purpose::end_of_share) == t0 + 500ms);
  c.dialed();
  CHECK(c.wait_ends(t0, purpose::end_of_share) == t0 + 2s);
}

TEST_CASE("the end of a share waits no longer than anything does") {
  guest_connection::settings s;
  s.dial_timeout = 300ms;
  guest_connection c{s};
  CHECK(c.wait_ends(t0, purpose::end_of_share) == t0 + 300ms);
  c.call();
  c.refused(t0);
  CHECK(c.wait_ends(t0, purpose::end_of_share) == t0 + 300ms);
}

TEST_CASE(
  "a guest that owes answers and is silent is asked, then given up, and "
  "its next connection may take as long as its requests") {
  auto c = up();
  c.request_sent(t0);
  CHECK(c.next_due({}) == t0 + 1s);
  CHECK(c.silence_at(t0 + 999ms) == verdict::wait);
  CHECK(c.silence_at(t0 + 1s) == verdict::ask);
  CHECK(c.dial_limit() == 30s);
  CHECK(c.silence_at(t0 + 4s) == verdict::give_up);
  CHECK(c.dial_limit() == 90s);
  c.lost(1, t0 + 4s);
  CHECK(c.wait_ends(t0, purpose::copies) == t0 + 90s);
  c.redial_wait_ends(t0 + 5s);
  c.call();
  greet(c, t0 + 5s);
  CHECK(c.dial_limit() == 90s);
  c.silence_ends(t0 + 6s);
  c.answered(question::check, t0 + 6s);
  c.come_up(t0 + 6s);
  CHECK(c.dial_limit() == 30s);
}

TEST_CASE("a lost connection takes its silence along") {
  auto c = up();
  c.request_sent(t0);
  c.request_answered();
  c.lost(1, t0);
  CHECK_FALSE(c.next_due({}));
  CHECK(c.silence_at(t0 + 1h) == verdict::wait);
}

TEST_CASE("a guest is silent from the Check that it owes until it is back, and "
          "one that nobody needed is not") {
  auto c = make();
  CHECK_FALSE(c.is_guest_silent());
  come_up(c, t0);
  c.request_sent(t0);
  CHECK_FALSE(c.is_guest_silent());
  c.silence_at(t0 + 1s);
  CHECK(c.is_guest_silent());
  c.taken(0, t0 + 2s);
  CHECK_FALSE(c.is_guest_silent());
  c.lost(1, t0 + 4s);
  CHECK_FALSE(c.is_guest_silent());
  c.doubt_guest(t0 + 4s);
  CHECK(c.is_guest_silent());
  c.redial_wait_ends(t0 + 5s);
  c.call();
  c.refused(t0 + 5s);
  CHECK(c.is_guest_silent());
  c.redial_wait_ends(t0 + 10s);
  c.call();
  greet(c, t0 + 10s);
  c.silence_ends(t0 + 11s);
  c.answered(question::check, t0 + 11s);
  c.come_up(t0 + 11s);
  CHECK_FALSE(c.is_guest_silent());
}

TEST_CASE("a guest that refuses to be dialed is silent") {
  auto c = dialing();
  CHECK_FALSE(c.is_guest_silent());
  c.refused(t0);
  CHECK(c.is_guest_silent());
}

TEST_CASE("who owes nothing may be silent") {
  auto c = up();
  c.request_sent(t0);
  c.taken(1, t0 + 900ms);
  CHECK(c.next_due({}) == t0 + 1900ms);
  c.taken(0, t0 + 1s);
  CHECK_FALSE(c.next_due({}));
}

TEST_CASE("a connection that was silent for five seconds may be dead") {
  auto c = up();
  CHECK_FALSE(c.is_long_idle(t0 + 4999ms));
  CHECK(c.is_long_idle(t0 + 5s));
  c.heard(t0 + 5s);
  CHECK_FALSE(c.is_long_idle(t0 + 9s));
  REQUIRE(c.is_long_idle(t0 + 10s));
  c.probe();
  CHECK_FALSE(c.is_long_idle(t0 + 10s));
  c.answered(question::check, t0 + 11s);
  CHECK_FALSE(c.is_long_idle(t0 + 15s));
  CHECK(c.is_long_idle(t0 + 16s));
}

TEST_CASE("how long the guest agent may take depends on what it is asked") {
  guest_connection::settings s;
  s.dial_timeout = 30s;
  s.request_timeout = 60s;
  SUBCASE("no longer than a request") {
    s.request_timeout = 1s;
  }
  SUBCASE("no longer than a dial") {
    s.dial_timeout = 20s;
  }
  guest_connection c{s};
  const auto least = std::min(s.dial_timeout, s.request_timeout);
  c.expect_stragglers();
  c.call();
  c.dialed();
  CHECK(c.answer_limit() == least);
  c.answered(question::check, t0);
  c.answered(question::version, t0);
  REQUIRE(c.silence_ends(t0 + 1s));
  CHECK(c.answer_limit() == least);
  c.answered(question::check, t0 + 1s);
  c.look();
  CHECK(c.answer_limit() == least);
  c.come_up(t0 + 1s);
  CHECK(c.answer_limit() == s.request_timeout);
  c.probe();
  CHECK(c.answer_limit()
        == std::min<std::chrono::nanoseconds>(s.request_timeout, 2s));
}

TEST_CASE(
  "a guest that is wanted for leftovers only is called once in a while") {
  auto c = make();
  CHECK_FALSE(c.idle_call({}, t0));
  CHECK_FALSE(c.idle_call(t0 + 1s, t0));
  CHECK(c.next_due(t0 + 1s) == t0 + 1s);
  CHECK(c.idle_call(t0, t0));
  CHECK_FALSE(c.idle_call(t0, t0));
  CHECK(c.next_due(t0) == t0 + 30s);
  CHECK_FALSE(c.idle_call(t0, t0 + 30s - 1ns));
  SUBCASE("then again") {
    CHECK(c.idle_call(t0, t0 + 30s));
  }
  SUBCASE("not while it is dialed") {
    c.call();
    CHECK_FALSE(c.next_due(t0));
    CHECK_FALSE(c.idle_call(t0, t0 + 30s));
  }
  SUBCASE("leftovers of one that is up are due when they are") {
    come_up(c, t0);
    CHECK(c.next_due(t0 + 3s) == t0 + 3s);
  }
}

TEST_CASE("a guest that may have lost all is sought for the time of a dial, "
          "then called once in a while, until it is up") {
  auto c = up();
  CHECK_FALSE(c.is_sought(t0));
  c.lost(0, t0);
  c.doubt_guest(t0);
  c.doubt_guest(t0 + 20s);
  CHECK(c.is_guest_doubted());
  CHECK(c.is_sought(t0 + 30s - 1ns));
  CHECK_FALSE(c.is_sought(t0 + 30s));
  CHECK(c.idle_call({}, t0 + 30s));
  CHECK(c.redial_wait_ends(t0 + 30s));
  come_up(c, t0 + 30s);
  CHECK_FALSE(c.is_guest_doubted());
  CHECK_FALSE(c.is_sought(t0 + 30s));
}

TEST_CASE("a dial that nobody waits for any more leaves nothing behind") {
  auto c = dialing();
  c.hang_up();
  CHECK(c.call());
  c.hang_up();
  c.dialed();
  CHECK(c.is<state::down>());
}

TEST_SUITE_END();
