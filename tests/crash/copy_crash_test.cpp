// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/copy_scenario.hpp"
#include "tests/crash/crash_points.hpp"

#include <csignal>
#include <doctest/doctest.h>
#include <optional>
#include <utility>

using namespace fsshare;
using namespace fsshare::test;

namespace {

/// A node agent and a guest that outlives it; the same names for every run.
class copy_bench {
public:
  copy_bench(crash_points& points, guest_process& guest)
    : points_(points), guest_(guest) {
  }

  /// Runs undisturbed.
  /// @returns how many calls it took.
  std::size_t run_undisturbed() {
    begin();
    points_.count();
    expected_.clear();
    for (const auto& operation : scenario_->operations()) {
      const auto done = call(operation);
      REQUIRE_MESSAGE(done, operation.name, ": ", done.err().message, "\n",
                      node_->program().errors());
      scenario_->await_rest(*node_);
      expected_.push_back(scenario_->observe(*node_));
    }
    const auto calls = points_.calls();
    end();
    return calls;
  }

  /// Runs and kills it at a call, and again at a call of its next start.
  /// @param restart_passed Calls of that start before the second kill; nothing
  ///        for no second kill.
  /// @returns false if it made fewer calls.
  bool run_killed(std::size_t passed,
                  std::optional<std::size_t> restart_passed) {
    begin();
    was_killed_ = false;
    restart_passed_ = restart_passed;
    points_.kill_at(node_->program().pid(), passed);
    std::size_t number = 0;
    for (const auto& operation : scenario_->operations()) {
      INFO(operation.name);
      auto done = call(operation);
      for (int tries = 0; !done && tries < most_tries; ++tries) {
        restart_if_killed();
        // What was cut off, ended meanwhile or waits for a guest is asked for
        // again, as a client does.
        REQUIRE_MESSAGE((done.err().code == errc::unavailable
                         || done.err().code == errc::aborted),
                        done.err().message);
        done = call(operation);
      }
      REQUIRE_MESSAGE(done, operation.name, ": ", done.err().message, "\n",
                      node_->program().errors());
      check_equal(expected_[number++]);
    }
    points_.spare();
    restart_if_killed();
    end();
    return was_killed_;
  }

  /// Kills it while the guest answers nothing, in an operation.
  void run_with_silent_guest(std::size_t which) {
    begin();
    was_killed_ = false;
    std::size_t number = 0;
    for (const auto& operation : scenario_->operations()) {
      INFO(operation.name);
      if (number == which) {
        guest_.process().stop();
        scenario_->begin_unanswered(operation, *node_);
        node_->kill();
        guest_.process().signal(SIGCONT);
        node_->start();
      }
      auto done = call(operation);
      for (int tries = 0; !done && tries < most_tries; ++tries)
        done = call(operation);
      REQUIRE_MESSAGE(done, operation.name, ": ", done.err().message);
      check_equal(expected_[number++]);
    }
    end();
  }

  std::size_t operations() const {
    return expected_.size();
  }
  std::size_t kills() const {
    return kills_;
  }

private:
  static constexpr int most_tries = 200;

  void begin() {
    scenario_.emplace(guest_);
    node_.emplace(scenario_->share_root(), copy_scenario::config);
    node_->start();
  }

  void end() {
    // A guest has nothing but its emptyDirs by then.
    scenario_->forget_empty_dirs();
    CHECK(scenario_->guest_text().empty());
    CHECK(copy_scenario::names_in(node_->state_dir()).empty());
    node_->kill();
    node_.reset();
    scenario_.reset();
  }

  status call(const copy_scenario::operation& what) {
    try {
      auto client = node_->connect();
      return what.call(client);
    } catch (const std::runtime_error& gone) {
      return error{errc::unavailable, gone.what()};
    }
  }

  bool restart_if_killed() {
    if (was_killed_ || points_.killed_at().empty())
      return false;
    was_killed_ = true;
    ++kills_;
    node_->await_end();
    node_->begin();
    if (restart_passed_) {
      points_.kill_at(node_->program().pid(), *restart_passed_);
      if (!node_->await_calls()) {
        ++kills_;
        node_->await_end();
        node_->begin();
      }
      points_.spare();
    }
    REQUIRE_MESSAGE(node_->await_calls(), node_->program().errors());
    return true;
  }

  // What is tried again comes a little later.
  void check_equal(const std::string& wanted) {
    std::string got;
    const bool is_equal = eventually([&] {
      restart_if_killed();
      got = scenario_->observe(*node_);
      return got == wanted;
    });
    REQUIRE_MESSAGE(is_equal, "wanted:\n", wanted, "\ngot:\n", got, "\nlog:\n",
                    node_->program().errors());
  }

  crash_points& points_;
  guest_process& guest_;
  std::optional<copy_scenario> scenario_;
  std::optional<killed_node> node_;
  std::vector<std::string> expected_;
  bool was_killed_ = false;
  std::optional<std::size_t> restart_passed_;
  std::size_t kills_ = 0;
};

} // namespace

TEST_SUITE_BEGIN("crash: copies");

TEST_CASE("killed at any call and at anything that it sends, a node agent that "
          "copies goes on as if it had not been") {
  const auto step = crash_stride();
  guest_process guest;
  crash_points::run(
    [&](crash_points& points) {
      copy_bench bench{points, guest};
      // It looks at the state more often than the others, which counts.
      const auto most = bench.run_undisturbed();
      std::size_t passed = 0;
      while (passed < most && bench.run_killed(passed, std::nullopt))
        passed += step;
      MESSAGE(bench.kills(), " points, every one of ", step);
      // Fewer would mean that calls are not seen.
      CHECK(passed > 140);
    },
    sending::counts);
}

TEST_CASE("killed while it goes on with copies, it goes on all the same") {
  const auto step = 7 * crash_stride();
  guest_process guest;
  crash_points::run(
    [&](crash_points& points) {
      copy_bench bench{points, guest};
      const auto calls = bench.run_undisturbed();
      for (std::size_t n = 5; n < calls; n += step) {
        INFO("call ", n, " of ", calls);
        bench.run_killed(n, n % 31);
      }
      MESSAGE(bench.kills(), " kills");
      CHECK(bench.kills() > 0);
    },
    sending::counts);
}

TEST_CASE("killed while the guest answers nothing, whatever was asked for, it "
          "goes on when the guest answers again") {
  guest_process guest;
  crash_points::run([&](crash_points& points) {
    copy_bench bench{points, guest};
    bench.run_undisturbed();
    for (std::size_t which = 0; which < bench.operations(); ++which)
      bench.run_with_silent_guest(which);
  });
}

TEST_SUITE_END();
