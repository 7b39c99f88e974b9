// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/crash_points.hpp"
#include "tests/crash/crash_scenario.hpp"

#include <doctest/doctest.h>
#include <optional>
#include <regex>
#include <utility>

using namespace fsshare;
using namespace fsshare::test;

namespace {

/// What an undisturbed run shows before the first operation and after each.
using recorded_run = std::vector<observation>;

/// A node agent and what it works on; the same paths for every run.
class crash_bench {
public:
  crash_bench(const private_mounts& work, crash_points& points,
              std::string config)
    : work_(work), points_(points), config_(std::move(config)),
      operations_(crash_operations(work)) {
  }

  /// Runs undisturbed.
  /// @returns how many calls it took.
  std::size_t run_undisturbed() {
    killed_node node{work_ / "share", config_};
    node.start();
    points_.count();
    expected_ = {observe(work_, node)};
    for (const auto& operation : operations_) {
      must(operation, node);
      expected_.push_back(observe(work_, node));
    }
    const auto calls = points_.calls();
    node.kill();
    return calls;
  }

  /// Runs and kills it at a call, and again at a call of its next start.
  /// @param restart_passed Calls of that start before the second kill; nothing
  ///        for no second kill.
  void run_killed(std::size_t passed,
                  std::optional<std::size_t> restart_passed) {
    killed_node node{work_ / "share", config_};
    node.start();
    points_.kill_at(node.program().pid(), passed);
    bool was_killed = false;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const auto& operation = operations_[i];
      INFO(operation.name);
      const auto before = mount_ids();
      auto seen = try_once(operation, node);
      if (!was_killed && !points_.killed_at().empty()) {
        was_killed = true;
        INFO("killed at ", points_.killed_at());
        node.await_end();
        restart(node, restart_passed);
        check_adopted(node, i, before);
        seen = try_once(operation, node);
      }
      REQUIRE_MESSAGE(seen, operation.name, ": ", seen.err().message, "\n",
                      node.program().errors());
      check_equal(expected_[i + 1], *seen);
    }
    points_.spare();
    CHECK(was_killed);
    node.kill();
  }

  std::size_t restarts_killed() const {
    return restarts_killed_;
  }

private:
  // The directory that all watched shares need stays with the first of them.
  static observation without_shared_parts(observation from) {
    static const std::regex line{"[^\n]*/watchable\n"};
    from.files = std::regex_replace(from.files, line, "");
    return from;
  }

  static observation without_owner(observation from) {
    static const std::regex record{"[^\n]*\"kind\":\"owner\"[^\n]*\n"};
    static const std::regex shown{" *owner \\{\n[^}]*\\}\n"};
    from.states = std::regex_replace(from.states, record, "");
    from.answers = std::regex_replace(from.answers, shown, "");
    return from;
  }

  // Killed before it has written down the owner, it says that it does not know
  // whether there is one, until Prepare is repeated.
  static bool lacks_owner_alone(const observation& now,
                                const observation& wanted) {
    return now.states.find("\"kind\":\"owner\"") == std::string::npos
           && now.answers.find("it was not written down") != std::string::npos
           && difference(without_owner(wanted), without_owner(now)).empty();
  }

  static status call(const operation& what, killed_node& node) {
    try {
      auto client = node.connect();
      return what.call(client);
    } catch (const std::runtime_error& gone) {
      return error{errc::unavailable, gone.what()};
    }
  }

  static void must(const operation& what, killed_node& node) {
    const auto done = call(what, node);
    REQUIRE_MESSAGE(done, what.name, ": ", done.err().message, "\n",
                    node.program().errors());
  }

  // What is recorded after an answer is waited for by looking.
  result<observation> try_once(const operation& what, killed_node& node) {
    try {
      if (const auto done = call(what, node); !done)
        return done.err();
      return observe(work_, node);
    } catch (const std::runtime_error& gone) {
      return error{errc::unavailable, gone.what()};
    }
  }

  void restart(killed_node& node, std::optional<std::size_t> passed) {
    node.begin();
    if (passed) {
      points_.kill_at(node.program().pid(), *passed);
      if (node.await_calls()) {
        points_.spare();
        return;
      }
      INFO("and again at ", points_.killed_at());
      REQUIRE(!points_.killed_at().empty());
      ++restarts_killed_;
      node.await_end();
      node.begin();
    }
    REQUIRE_MESSAGE(node.await_calls(), node.program().errors());
  }

  // It is as before the operation, or as after it, or after a part of one that
  // has parts or names an owner; what is in both was never unmounted.
  void check_adopted(killed_node& node, std::size_t operation,
                     const std::map<std::string, std::uint64_t>& before) {
    const auto now = without_shared_parts(observe(work_, node));
    const auto as_before
      = difference(without_shared_parts(expected_[operation]), now);
    const auto as_after
      = difference(without_shared_parts(expected_[operation + 1]), now);
    const bool lacks_owner
      = operations_[operation].names_owner
        && lacks_owner_alone(now,
                             without_shared_parts(expected_[operation + 1]));
    CHECK_MESSAGE((operations_[operation].has_parts || as_before.empty()
                   || as_after.empty() || lacks_owner),
                  "\nbefore:\n", as_before, "\nafter:\n", as_after, "\nlog:\n",
                  node.program().errors());
    const auto after = mount_ids();
    for (const auto& mount : before)
      if (const auto still = after.find(mount.first); still != after.end())
        CHECK_MESSAGE(still->second == mount.second, mount.first);
  }

  static void check_equal(const observation& wanted, const observation& got) {
    const auto found = difference(wanted, got);
    REQUIRE_MESSAGE(found.empty(), found);
  }

  const private_mounts& work_;
  crash_points& points_;
  std::string config_;
  std::vector<operation> operations_;
  recorded_run expected_;
  std::size_t restarts_killed_ = 0;
};

std::string config_of(const std::string& api) {
  return R"("http": {"listen": ""}, "mounts": {"visibility": "assumed", "api": ")"
         + api + R"("})";
}

void kill_everywhere(const std::string& api) {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  make_crash_sources(work);
  work.make_dir("share");
  const auto step = crash_stride();
  crash_points::run([&](crash_points& points) {
    crash_bench bench{work, points, config_of(api)};
    const auto calls = bench.run_undisturbed();
    std::size_t killed = 0;
    for (std::size_t n = 0; n < calls; n += step, ++killed) {
      INFO("call ", n, " of ", calls, ", ", api, " API");
      bench.run_killed(n, std::nullopt);
    }
    MESSAGE(killed, " of ", calls, " points, ", api, " API");
    CHECK(killed == (calls + step - 1) / step);
    // Fewer would mean that calls are not seen.
    CHECK(calls > 80);
  });
}

} // namespace

TEST_SUITE_BEGIN("crash");

TEST_CASE("killed at any call, it goes on as if it had not been: new mount "
          "API") {
  kill_everywhere("new");
}

TEST_CASE("killed at any call, it goes on as if it had not been: classic mount "
          "API") {
  kill_everywhere("classic");
}

TEST_CASE("killed while it adopts what was killed, it goes on all the same") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  make_crash_sources(work);
  work.make_dir("share");
  crash_points::run([&](crash_points& points) {
    crash_bench bench{work, points, config_of("new")};
    const auto calls = bench.run_undisturbed();
    // Each with another call of the start, those of the adoption among them.
    for (std::size_t n = 3; n < calls; n += 3) {
      INFO("call ", n, " of ", calls);
      bench.run_killed(n, n % 23);
    }
    MESSAGE(bench.restarts_killed(), " starts killed");
    CHECK(bench.restarts_killed() > 0);
  });
}

TEST_SUITE_END();
