// SPDX-License-Identifier: Apache-2.0
#include "actors/metrics.hpp"

#include "tests/support/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// Counts how often it is asked, and answers when it is let.
struct source_probe {
  int asked = 0;
  bool hangs = false;

  static metrics_part part() {
    metrics_part out;
    out.metrics.add("kata_fsshare_api_clients", 1);
    return out;
  }
};

class fake_source_state {
public:
  /// With what has it answer what it owes: a promise is its actor's.
  using handle = metrics_source::extend<msg<scrape_tick>>;
  static constexpr const char* name = "fake-source";

  fake_source_state(handle::pointer self, std::shared_ptr<source_probe> probe)
    : self_(self), probe_(std::move(probe)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](describe_metrics) -> caf::result<metrics_part> {
        ++probe_->asked;
        if (!probe_->hangs)
          return source_probe::part();
        const reply_promise<metrics_part> promise{self_};
        owed_.push_back(promise);
        return promise;
      },
      [this](scrape_tick) {
        for (const auto& each : std::exchange(owed_, {}))
          each.deliver(source_probe::part());
      },
    };
  }

private:
  handle::pointer self_;
  std::shared_ptr<source_probe> probe_;
  std::vector<reply_promise<metrics_part>> owed_;
};

class fake_guest_state {
public:
  using handle = guest_source;
  static constexpr const char* name = "fake-guest";

  fake_guest_state(handle::pointer self, guest_heir heir,
                   std::shared_ptr<guest_measure> measure)
    : self_(self), heir_(std::move(heir)), measure_(std::move(measure)) {
  }
  ~fake_guest_state() {
    tell(heir_, guest_ended{self_->id(), measure_->counted});
  }
  fake_guest_state(const fake_guest_state&) = delete;
  fake_guest_state& operator=(const fake_guest_state&) = delete;

  handle::behavior_type make_behavior() {
    return {
      [this](describe_guest) {
        return guest_described{*measure_};
      },
    };
  }

private:
  handle::pointer self_;
  guest_heir heir_;
  std::shared_ptr<guest_measure> measure_;
};

struct metrics_world {
  metrics_world() {
    metrics_options options;
    options.version = "1.2.3";
    options.revision = "abc";
    asked = actors.spawn<metrics>(std::move(options));
    tell(asked, now_serving{});
    actors.run();
  }

  std::shared_ptr<source_probe> add(const std::string& name) {
    auto probe = std::make_shared<source_probe>();
    last = actors.spawn<state_actor<fake_source_state>>(probe);
    tell(asked, add_source{name, last});
    actors.run();
    return probe;
  }

  std::string text() {
    const auto got = actors.ask<scraped>(asked, scrape{});
    REQUIRE(got);
    return *got->text;
  }
  /// The same where somebody hangs.
  std::string text_after_waiting() {
    auto pending = actors.request(asked, scrape{});
    actors.run();
    CHECK_FALSE(actors.answer<scraped>(pending));
    actors.advance(1s);
    actors.run();
    const auto got = actors.answer<scraped>(pending);
    REQUIRE(got);
    REQUIRE(*got);
    return *(*got)->text;
  }

  actor_fixture actors;
  metrics_actor asked;
  /// The one that was added last.
  fake_source_state::handle last;
};

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("actors/metrics");

TEST_CASE("a scrape has what every actor counts, added up") {
  metrics_world w;
  w.add("one");
  w.add("other");
  const auto text = w.text();
  CHECK(has(text, "kata_fsshare_api_clients 2"));
  CHECK(has(text, "kata_fsshare_actor_up{actor=\"one\"} 1"));
  CHECK(has(text, "kata_fsshare_build_info{version=\"1.2.3\","
                  "revision=\"abc\"} 1"));
  CHECK(has(text, "kata_fsshare_ready 1"));
}

TEST_CASE("an actor that hangs is missed after a second, the others are "
          "there") {
  metrics_world w;
  w.add("one");
  const auto hung = w.add("hung");
  hung->hangs = true;
  const auto text = w.text_after_waiting();
  CHECK(has(text, "kata_fsshare_api_clients 1"));
  CHECK(has(text, "kata_fsshare_actor_up{actor=\"one\"} 1"));
  CHECK(has(text, "kata_fsshare_actor_up{actor=\"hung\"} 0"));
  CHECK(has(text, "kata_fsshare_ready 0"));
}

TEST_CASE("an actor that hangs is asked once, however often others ask") {
  metrics_world w;
  const auto hung = w.add("hung");
  hung->hangs = true;
  for (int i = 0; i < 5; ++i) {
    w.text_after_waiting();
    w.actors.advance(1s);
  }
  CHECK(hung->asked == 1);
  hung->hangs = false;
  tell(w.last, scrape_tick{});
  w.actors.run();
  CHECK(has(w.text(), "kata_fsshare_actor_up{actor=\"hung\"} 1"));
  CHECK(hung->asked == 2);
}

TEST_CASE("who asks while a scrape runs, or soon after, gets the same") {
  metrics_world w;
  const auto one = w.add("one");
  one->hangs = true;
  auto first = w.actors.call<scraped>(w.asked, scrape{});
  auto second = w.actors.call<scraped>(w.asked, scrape{});
  auto ready = w.actors.call<ready_report>(w.asked, check_ready{});
  w.actors.run();
  one->hangs = false;
  tell(w.last, scrape_tick{});
  w.actors.run();
  REQUIRE(first->has_value());
  REQUIRE(second->has_value());
  REQUIRE(ready->has_value());
  CHECK((**first)->text == (**second)->text);
  w.actors.advance(499ms);
  w.text();
  CHECK(one->asked == 1);
  w.actors.advance(1ms);
  w.text();
  CHECK(one->asked == 2);
}

TEST_CASE("ready_report names what is wrong") {
  metrics_world w;
  w.add("one");
  const auto hung = w.add("hung");
  hung->hangs = true;
  tell(w.asked, now_serving{false});
  auto pending = w.actors.request(w.asked, check_ready{});
  w.actors.run();
  w.actors.advance(1s);
  w.actors.run();
  const auto got = w.actors.answer<ready_report>(pending);
  REQUIRE(got);
  REQUIRE(*got);
  const auto& checks = (*got)->checks;
  REQUIRE(checks.size() == 3);
  CHECK(checks[0].name == "serving");
  CHECK_FALSE(checks[0].failure.empty());
  CHECK(checks[1].name == "hung");
  CHECK(checks[1].failure == "has not answered for 1s or more");
  CHECK(checks[2].name == "one");
  CHECK(checks[2].failure.empty());
}

TEST_CASE(
  "guests are counted together, and their counts outlive them, a series "
  "of a sandbox does not") {
  metrics_world w;
  const auto one = std::make_shared<guest_measure>();
  const auto other = std::make_shared<guest_measure>();
  one->counted.answered(errc::none, 3ms);
  one->counted.answered(errc::permission_denied, 3ms);
  one->is_connected = true;
  one->in_flight = 4;
  other->is_silent = true;
  other->counted.answered(errc::none, 3ms);
  const auto proxy
    = w.actors.spawn<state_actor<fake_guest_state>>(w.asked, one);
  tell(w.asked, add_guest{"box1", proxy, {"shop", "web-0"}});
  tell(w.asked, add_guest{"box2", w.actors.spawn<state_actor<fake_guest_state>>(
                                    w.asked, other)});
  const auto text = w.text();
  const std::string ok = R"(kata_fsshare_guest_requests_total{result="ok"} )";
  CHECK(has(text, ok + "2"));
  CHECK(has(text, R"(kata_fsshare_guest_requests_total{result="denied"} 1)"));
  CHECK(has(text, R"(kata_fsshare_guests{state="connected"} 1)"));
  CHECK(has(text, R"(kata_fsshare_guests{state="unconnected"} 1)"));
  CHECK(has(text, "kata_fsshare_silent_guests 1"));
  CHECK(has(text, R"(kata_fsshare_guest_connected{sandbox_id="box1",)"
                  R"(pod_namespace="shop",pod_name="web-0"} 1)"));
  CHECK(has(text, R"(kata_fsshare_guest_connected{sandbox_id="box2",)"
                  R"(pod_namespace="",pod_name=""} 0)"));
  CHECK(has(text, "kata_fsshare_guest_requests_in_flight 4"));
  CHECK(has(text, "kata_fsshare_guest_round_trip_seconds_count 3"));
  one->counted.answered(errc::none, 3ms);
  stop(proxy);
  w.actors.run();
  w.actors.advance(1s);
  const auto later = w.text();
  CHECK(has(later, ok + "3"));
  CHECK(later.find("box1") == std::string::npos);
  CHECK(has(later, "kata_fsshare_guest_requests_in_flight 0"));
}

TEST_CASE("what an actor has counted ends with it, and nobody waits for it") {
  metrics_world w;
  w.add("one");
  const auto gone = w.add("gone");
  gone->hangs = true;
  auto pending = w.actors.request(w.asked, scrape{});
  w.actors.run();
  stop(w.last);
  w.actors.run();
  const auto got = w.actors.answer<scraped>(pending);
  REQUIRE(got);
  REQUIRE(*got);
  const auto text = *(*got)->text;
  CHECK(text.find("gone") == std::string::npos);
  CHECK(has(text, "kata_fsshare_ready 1"));
}
