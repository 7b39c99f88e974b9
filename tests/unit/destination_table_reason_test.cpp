// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/destination_table_fixture.hpp"

#include <random>
#include <set>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// How often a destination was seen in each way.
struct sightings {
  unsigned current = 0;
  std::set<std::string> reasons;
};

// A table to which anything happens that can.
class walk {
public:
  explicit walk(unsigned seed) : rng_(seed), table_(table_fixture::settings()) {
  }

  void run(sightings& seen) {
    for (int n = 0; n < 150; ++n) {
      now_ += std::chrono::milliseconds{pick(400)};
      happen();
      look(seen);
      advance();
      look(seen);
    }
  }

private:
  unsigned pick(unsigned n) {
    return static_cast<unsigned>(rng_() % n);
  }

  volume_snapshot_ptr newest() {
    return host("..g" + std::to_string(generation_), digest_);
  }

  void happen() {
    switch (pick(9)) {
    case 0:
      if (table_.destinations() < 3)
        ids_.push_back(
          table_.add({"s1", "c", "share", volume, "/g/v", pick(4) == 0}, now_));
      return;
    case 1:
      if (pick(2) == 0)
        ++generation_;
      else
        ++digest_;
      table_.hint(volume, volume_hint::read_now, now_);
      return;
    case 2: tell_guest(); return;
    case 3:
      if (!ids_.empty() && pick(8) == 0)
        table_.remove(ids_[pick(ids_.size())], now_);
      return;
    case 4:
    case 5:
    case 6: answer_guest(); return;
    default: answer_volume(); return;
    }
  }

  void tell_guest() {
    switch (pick(5)) {
    case 0: table_.guest_lost("s1"); return;
    case 1: table_.guest_up("s1", now_); return;
    case 2: table_.guest_empty("s1", now_); return;
    case 3: table_.stop_following("s1"); return;
    default: table_.start_following("s1", now_); return;
    }
  }

  void answer_volume() {
    if (!asked_)
      return;
    const auto asked = *std::exchange(asked_, std::nullopt);
    const bool fails = pick(6) == 0;
    const error why{errc::internal, "no answer of use"};
    switch (asked.request) {
    case volume_request::watch:
      table_.watched(asked.ticket,
                     fails ? result<directory_id>{why} : directory_id{1, 2},
                     now_);
      return;
    case volume_request::await: table_.awaited(asked.ticket, unit{}); return;
    case volume_request::read:
      if (fails)
        table_.read(asked.ticket, why, now_);
      else
        table_.read(asked.ticket, newest(), now_);
      return;
    default:
      if (fails)
        table_.looked(asked.ticket, why, now_);
      else
        table_.looked(asked.ticket,
                      volume_look{newest()->id.name, newest()->id.digest},
                      now_);
    }
  }

  void answer_guest() {
    if (orders_.empty())
      return;
    const auto which = orders_.begin() + pick(orders_.size());
    const auto order = *which;
    orders_.erase(which);
    order_outcome outcome;
    if (order.is_removal)
      outcome = removed(static_cast<removal_result>(pick(5)));
    else if (pick(2) == 0)
      outcome = done();
    else
      outcome = broken(static_cast<flip_state>(pick(4)));
    if (pick(3) == 0)
      outcome.cause = stop_cause::interrupted;
    table_.finished(order.id, outcome, now_);
  }

  void advance() {
    for (auto& action : table_.advance(now_)) {
      if (const auto* ask = std::get_if<ask_volume>(&action))
        asked_ = *ask;
      else if (const auto* order = std::get_if<ask_guest>(&action))
        orders_.push_back(
          {order->destination,
           std::holds_alternative<removal_order>(order->order)});
      else if (std::holds_alternative<forget_volume>(action))
        asked_.reset();
    }
  }

  void look(sightings& seen) {
    for (const auto& each : described(table_, std::string{}, now_))
      for (const auto& one : each.destinations) {
        seen.current += one.current ? 1 : 0;
        if (one.current)
          continue;
        CHECK_MESSAGE(!one.reason.empty(), "not current, and no reason");
        seen.reasons.insert(one.reason);
      }
  }

  struct guest_ask {
    destination_id id = 0;
    bool is_removal = false;
  };

  std::mt19937 rng_;
  destination_table table_;
  time_point now_ = t0;
  unsigned generation_ = 1;
  std::uint64_t digest_ = 1;
  std::vector<destination_id> ids_;
  std::optional<ask_volume> asked_;
  std::vector<guest_ask> orders_;
};

} // namespace

TEST_SUITE_BEGIN("core/volume/destination_table");

TEST_CASE("a copy that is not current has a reason at every moment") {
  sightings seen;
  for (unsigned seed = 1; seed <= 1000; ++seed) {
    INFO("seed ", seed);
    walk{seed}.run(seen);
  }
  CHECK(seen.current > 1000);
  for (const char* reason :
       {"broken", "no answer of use", "the volume is being read",
        "the first generation is to be sent",
        "rotations are not followed for this sandbox",
        "it is being taken away"})
    CHECK_MESSAGE(seen.reasons.contains(reason), reason);
}

TEST_CASE_FIXTURE(table_fixture,
                  "while a generation is read and sent the status says so, and "
                  "says nothing once it is current") {
  settled(host("..1"));
  const auto shown = [&] {
    return described(table, std::string{}, now).at(0).destinations.at(0);
  };
  CHECK(shown().current);
  CHECK(shown().reason.empty());
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  CHECK_FALSE(shown().current);
  CHECK(shown().reason == "generation ..2 is being sent");
  finish(1, done());
  CHECK(shown().current);
  CHECK(shown().reason.empty());
}

TEST_CASE_FIXTURE(table_fixture,
                  "what has failed says when it is tried again, until it is") {
  settled(host("..1"));
  const auto next_try = [&] {
    return described(table, std::string{}, now)
      .at(0)
      .destinations.at(0)
      .next_try;
  };
  CHECK_FALSE(next_try());
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  CHECK_FALSE(next_try());
  finish(1, broken(flip_state::not_sent));
  const auto first = next_try();
  REQUIRE(first);
  CHECK(*first > 0ms);
  CHECK(*first <= pacing::orders.first);
  now += *first / 2;
  REQUIRE(next_try());
  CHECK(*next_try() == *first - *first / 2);
  now += *first;
  CHECK(*next_try() == 0ms);
  advance();
  CHECK_FALSE(next_try());
  finish(1, done());
  CHECK_FALSE(next_try());
}

TEST_CASE_FIXTURE(table_fixture,
                  "an old generation that is due to go is no next try") {
  settled(host("..1"));
  const auto next_try = [&] {
    return described(table, std::string{}, now)
      .at(0)
      .destinations.at(0)
      .next_try;
  };
  const auto rotate = [&](const char* name, const order_outcome& outcome) {
    table.hint(volume, volume_hint::read_now, now);
    advance();
    read(host(name));
    finish(1, outcome);
  };
  rotate("..2", done());
  look(host("..2"));
  CHECK_FALSE(next_try());
  // The removal is due in less than the push.
  now += settings().copies.grace - 1ms;
  rotate("..3", broken(flip_state::not_sent));
  const auto tried = next_try();
  REQUIRE(tried);
  CHECK(*tried >= pacing::orders.first / 2);
}

TEST_CASE_FIXTURE(table_fixture,
                  "a copy whose links are not all there is not current") {
  settled(host("..1"));
  const auto shown = [&] {
    return described(table, std::string{}, now).at(0).destinations.at(0);
  };
  table.hint(volume, volume_hint::read_now, now);
  advance();
  auto two = *host("..2");
  two.links.emplace_back("new");
  read(std::make_shared<const volume_snapshot>(two));
  finish(1, broken(flip_state::acknowledged));
  CHECK_FALSE(shown().current);
  CHECK(shown().reason == "broken");
}

TEST_CASE_FIXTURE(
  table_fixture, "a copy that was written down is not current before its guest "
                 "is reached, and says so") {
  table_fixture former;
  const auto before = former.table.record(former.settled(host("..1")));
  REQUIRE(before);
  table.add({"s1", "c", "share", volume, "/g/1", false,
             std::make_shared<const guest_record>(*before)},
            now);
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  advance();
  CHECK(read(host("..1")).empty());
  const auto shown = [this] {
    return described(table, "s1", now).at(0).destinations.at(0);
  };
  CHECK(shown().guest_generation == "..1");
  CHECK_FALSE(shown().current);
  CHECK(shown().reason.find("until it is reached") != std::string::npos);
  table.guest_up("s1", now);
  advance();
  CHECK(shown().current);
  CHECK(shown().reason.empty());
}

TEST_SUITE_END();
