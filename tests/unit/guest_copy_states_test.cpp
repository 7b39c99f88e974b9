// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/guest_copy_fixture.hpp"

#include <random>
#include <set>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

using edges = std::set<std::string>;

// As the table in the header has them.
const edges table{
  "idle, next: pushing",
  "idle, next: repairing",
  "idle, next: confirming",
  "pushing, finished: idle",
  "pushing, finished: unsettled forward",
  "unsettled forward, next: settling forward",
  "unsettled back, next: settling back",
  "unsettled forward, empty: idle",
  "unsettled back, empty: idle",
  "settling forward, finished: idle",
  "settling forward, finished: unsettled back",
  "settling forward, finished: unsettled forward",
  "settling back, finished: idle",
  "settling back, finished: unsettled forward",
  "repairing, finished: idle",
  "confirming, finished: idle",
  "confirming, finished: unsettled forward",
  "pushing, empty: outdated",
  "settling forward, empty: outdated",
  "settling back, empty: outdated",
  "repairing, empty: outdated",
  "confirming, empty: outdated",
  "outdated, finished: idle",
  "idle, leave: leaving",
  "unsettled forward, leave: leaving",
  "unsettled back, leave: leaving",
  "pushing, leave: leaving",
  "settling forward, leave: leaving",
  "settling back, leave: leaving",
  "repairing, leave: leaving",
  "confirming, leave: leaving",
  "outdated, leave: leaving",
  "leaving, next: gone",
  "leaving, next: removing root",
  "removing root, finished: emptying due",
  "removing root, finished: gone",
  "emptying due, next: emptying out",
  "emptying out, finished: gone",
};

struct order_words {
  std::string operator()(const copy_state::pushing&) const {
    return "pushing";
  }
  std::string operator()(const copy_state::settling& s) const {
    return "settling " + direction_of(s.flip);
  }
  std::string operator()(const copy_state::repairing&) const {
    return "repairing";
  }
  std::string operator()(const copy_state::confirming&) const {
    return "confirming";
  }
  static std::string direction_of(const copy_state::unsettled& flip) {
    return flip.next == copy_state::direction::back ? "back" : "forward";
  }
};

struct state_words {
  std::string operator()(const copy_state::idle&) const {
    return "idle";
  }
  std::string operator()(const copy_state::unsettled& flip) const {
    return "unsettled " + order_words::direction_of(flip);
  }
  std::string operator()(const copy_state::sending& s) const {
    return std::visit(order_words{}, s.order);
  }
  std::string operator()(const copy_state::outdated&) const {
    return "outdated";
  }
  std::string operator()(const copy_state::leaving&) const {
    return "leaving";
  }
  std::string operator()(const copy_state::removing_root&) const {
    return "removing root";
  }
  std::string operator()(const copy_state::emptying_root& e) const {
    return e.at == copy_state::emptying_root::step::due ? "emptying due"
                                                        : "emptying out";
  }
  std::string operator()(const copy_state::gone&) const {
    return "gone";
  }
};

// One copy, to which anything happens that can.
class walk {
public:
  explicit walk(unsigned seed) : rng_(seed), copy_(make()) {
  }

  void run(edges& seen) {
    for (int n = 0; n < 60; ++n) {
      now_ += std::chrono::milliseconds{pick(3000)};
      const auto before = state();
      const auto event = happen();
      if (state() != before)
        seen.insert(
          std::string{before}.append(", ").append(event).append(": ").append(
            state()));
      check();
    }
  }

private:
  unsigned pick(unsigned n) {
    return static_cast<unsigned>(rng_() % n);
  }

  std::string state() const {
    return std::visit(state_words{}, copy_.state());
  }

  std::string happen() {
    if (pick(12) == 0) {
      copy_.guest_is_empty(now_);
      return "empty";
    }
    if (pick(30) == 0) {
      copy_.leave();
      return "leave";
    }
    if (pick(4) == 0)
      host_ = host("..g" + std::to_string(++generation_),
                   pick(2) == 0 ? std::vector<std::string>{"a", "b"}
                                : std::vector<std::string>{"b", "c"},
                   pick(2) * 2000);
    if (removal_ != 0 && pick(2) == 0) {
      finish_removal();
      return "finished";
    }
    if (is_out_ && pick(2) == 0) {
      is_out_ = false;
      copy_.finished(any_outcome(), now_);
      return "finished";
    }
    if (const auto order = copy_.next(pick(3) == 0 ? nullptr : host_, now_)) {
      const auto* removal = std::get_if<removal_order>(&*order);
      if (removal != nullptr)
        removal_ = removal->steps.size();
      else
        is_out_ = true;
    }
    return "next";
  }

  void finish_removal() {
    auto outcome = removed(removal_, static_cast<removal_result>(pick(5)));
    if (pick(3) == 0)
      outcome.cause = stop_cause::interrupted;
    removal_ = 0;
    copy_.finished(outcome, now_);
  }

  order_outcome any_outcome() {
    if (pick(3) == 0)
      return done();
    auto outcome = broken(static_cast<flip_state>(pick(4)));
    if (pick(2) == 0)
      outcome.cause = stop_cause::interrupted;
    outcome.sent = outcome.flip != flip_state::not_sent || pick(4) != 0;
    return outcome;
  }

  // What must hold in each state.
  void check() {
    CHECK(copy_.busy() == is_out_);
    CHECK_FALSE(copy_.activity().empty());
    const auto now = state();
    if (copy_.gone()) {
      CHECK_FALSE(copy_.next(host_, now_));
      CHECK_FALSE(copy_.next_due());
    }
    if (now.starts_with("unsettled") || now.starts_with("settling")) {
      CHECK_FALSE(copy_.whole());
      CHECK(copy_.last_error() != nullptr);
    }
    if (copy_.has_whole_copy())
      CHECK((now == "idle" || now == "leaving" || now == "removing root"
             || now.starts_with("emptying") || now == "gone"));
  }

  std::mt19937 rng_;
  guest_copy copy_;
  guest_copy::time_point now_ = t0;
  unsigned generation_ = 1;
  volume_snapshot_ptr host_ = host("..g1");
  bool is_out_ = false;
  /// Number of names of the removal that is out.
  std::size_t removal_ = 0;
};

} // namespace

TEST_SUITE_BEGIN("core/volume/guest_copy");

TEST_CASE("every edge of the table of states is walked, and no other") {
  edges seen;
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    INFO("seed ", seed);
    walk{seed}.run(seen);
  }
  for (const auto& edge : table)
    CHECK_MESSAGE(seen.contains(edge), "not walked: ", edge);
  for (const auto& edge : seen)
    CHECK_MESSAGE(table.contains(edge), "not in the table: ", edge);
}

TEST_CASE("a guest that is found empty while a flip is being settled gets "
          "everything again") {
  auto copy = make();
  const auto one = host("..1");
  settle_at(copy, one, t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::unknown), t0);
  REQUIRE(words(copy.next(host("..2"), t0)) == "flip /g/v/..data=..2;");
  copy.guest_is_empty(t0);
  CHECK_FALSE(copy.acknowledged());
  copy.finished(done(), t0);
  CHECK_FALSE(copy.acknowledged());
  CHECK_FALSE(copy.last_error());
  CHECK(words(copy.next(host("..2"), t0)) == "push ..2.1 +root +others a");
}

TEST_CASE("a removal that ends while the root is repaired has it repaired "
          "once more") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}, 0), t0);
  const auto two = host("..2", {"a"}, 0);
  copy.next(two, t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(two, t0)) == "remove /g/v/b;");
  const auto three = host("..3", {"a"}, 2000);
  copy.next(three, t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(three, t0)) == "link /g/v=;");
  copy.finished(removed(1), t0);
  copy.finished(done(), t0);
  CHECK_FALSE(copy.has_whole_copy());
  CHECK(words(copy.next(three, t0)) == "link /g/v=;");
  copy.finished(done(), t0);
  CHECK(copy.has_whole_copy());
}

TEST_CASE("a repair that failed is no failure any more once a push has brought "
          "all of it") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  copy.next(host("..2", {"a", "b"}), t0);
  copy.finished(broken(flip_state::acknowledged), t0);
  REQUIRE(copy.failures() == 1);
  const auto three = host("..3", {"a", "b"});
  REQUIRE(words(copy.next(three, t0)) == "push ..3 b");
  copy.finished(done(), t0);
  CHECK(copy.failures() == 0);
  CHECK_FALSE(copy.last_error());
}

TEST_CASE("while pushes are held a repair that failed has its own back-off") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2", {"a"}, 1000);
  auto now = t0;
  std::vector<guest_copy::time_point> repairs;
  while (repairs.size() < 4) {
    REQUIRE(now < t0 + 10min);
    const auto order = copy.next(two, now);
    if (!order) {
      REQUIRE(copy.next_due());
      now = *copy.next_due();
    } else if (std::holds_alternative<push_order>(*order)) {
      copy.finished(broken(flip_state::not_sent), now);
    } else if (std::holds_alternative<steps_order>(*order)) {
      if (copy.held(now) != nullptr)
        repairs.push_back(now);
      copy.finished(broken(flip_state::not_sent), now);
    } else {
      copy.finished(removed(9, removal_result::denied), now);
    }
  }
  CHECK(copy.held(now) != nullptr);
  CHECK(repairs.back() - repairs.front() < 15s);
}

TEST_SUITE_END();
