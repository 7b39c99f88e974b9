// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <caf/scheduler/test_coordinator.hpp>
#include <doctest/doctest.h>

namespace fsshare::test {

/// Source of everything that is not determined in a test: which actor runs
/// next, which timer fires, what the guest does.
class chooser {
public:
  explicit chooser(std::uint64_t seed) : seed_(seed), rng_(seed) {
  }
  std::uint64_t seed() const {
    return seed_;
  }
  /// Returns 0..n-1; 0 for n == 0.
  std::size_t pick(std::size_t n) {
    return n < 2 ? 0 : static_cast<std::size_t>(rng_() % n);
  }
  /// Returns true once in `n` times.
  bool one_in(std::size_t n) {
    return pick(n) == 0;
  }

private:
  std::uint64_t seed_;
  std::mt19937_64 rng_;
};

/// An actor system without threads: nothing runs until the test says so, and
/// time moves by advance() only. The one place that knows CAF 0.17's test
/// coordinator.
class actor_fixture {
public:
  actor_fixture()
    : system(settings(config_)), self(system, true),
      scheduler(
        dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    // Time 0 means "never" to some of CAF's timers.
    scheduler.clock().current_time += std::chrono::hours(1);
    baseline_ = system.registry().running();
  }

  /// Kills what the test spawned and fails the case, instead of hanging, if an
  /// actor survives; so it does if one has died that nobody has asked about.
  ~actor_fixture() {
    for (const auto& each : take_deaths())
      CHECK_MESSAGE(false, each.actor, " has died: ", each.why);
    are_killed_ = true;
    for (auto& weak : tracked_)
      if (auto actor = caf::actor_cast<caf::strong_actor_ptr>(weak))
        caf::anon_send_exit(actor, caf::exit_reason::kill);
    run();
    // Delayed messages keep their receivers alive.
    scheduler.clock().cancel_all();
    const auto left = system.registry().running() - baseline_;
    CHECK_MESSAGE(left == 0, "actors still alive at the end: ", left);
    if (left != 0)
      system.await_actors_before_shutdown(false);
  }
  actor_fixture(const actor_fixture&) = delete;
  actor_fixture& operator=(const actor_fixture&) = delete;

  template <class Handle>
  Handle track(Handle handle) {
    tracked_.push_back(caf::actor_cast<caf::weak_actor_ptr>(handle));
    return handle;
  }
  template <class Actor, class... Ts>
  auto spawn(Ts&&... xs) {
    return track(system.spawn<Actor>(std::forward<Ts>(xs)...));
  }

  /// Returns which actors have died since this was called last.
  std::vector<actor_death> take_deaths() {
    return std::exchange(deaths_, {});
  }
  bool has_deaths() const {
    return !deaths_.empty();
  }
  /// Called at each death.
  std::function<void()> on_death;
  /// Kills one of many that end together; nobody is told.
  void kill(const caf::strong_actor_ptr& actor) {
    are_killed_ = true;
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  }
  /// Lets those end that were killed.
  void run_killed() {
    run();
    are_killed_ = false;
  }

  /// Lets one actor handle one message; false if none is ready.
  bool step(std::size_t which = 0) {
    auto& jobs = scheduler.jobs;
    if (which >= jobs.size())
      return false;
    const auto at = jobs.begin() + static_cast<std::ptrdiff_t>(which);
    std::rotate(jobs.begin(), at, at + 1);
    return scheduler.try_run_once();
  }
  std::size_t ready() const {
    return scheduler.jobs.size();
  }

  /// Runs until no actor has a message, first come first served; timers do not
  /// fire.
  std::size_t run(std::size_t limit = 1000000) {
    std::size_t n = 0;
    while (n < limit && step())
      ++n;
    REQUIRE_MESSAGE(n < limit, "the actors do not come to rest");
    return n;
  }
  /// The same with any ready actor next.
  std::size_t run(chooser& choose, std::size_t limit = 1000000) {
    std::size_t n = 0;
    while (n < limit && step(choose.pick(ready())))
      ++n;
    REQUIRE_MESSAGE(n < limit, "the actors do not come to rest");
    return n;
  }

  /// Moves time and queues the messages that are due.
  void advance(std::chrono::nanoseconds by) {
    scheduler.advance_time(std::chrono::duration_cast<caf::timespan>(by));
  }
  caf::actor_clock::time_point now() {
    return scheduler.clock().now();
  }

  /// Sends a request whose answer is looked at later.
  template <class Handle, class Message>
  auto request(const Handle& to, Message message) {
    return self->request(to, caf::infinite, std::move(message));
  }

  /// The same, with any number of requests out: the answer appears where this
  /// points to.
  template <class Reply, class Handle, class Message>
  auto call(const Handle& to, Message message) {
    using slot = std::optional<result<Reply>>;
    auto got = std::make_shared<slot>();
    // CAF 0.17 dereferences a null pointer to the arguments of a function that
    // has none.
    track(system.spawn(
      [to, message = std::move(message)](caf::event_based_actor* caller,
                                         const std::shared_ptr<slot>& answer) {
        caller->request(to, caf::infinite, message)
          .then(
            [answer](Reply& reply) {
              *answer = result<Reply>{std::move(reply)};
            },
            [answer](caf::error& err) {
              *answer = result<Reply>{from_caf(err)};
            });
      },
      got));
    // At once, so that what is asked for first arrives first.
    step(ready() - 1);
    return std::shared_ptr<const slot>{got};
  }

  /// Takes the answer to a request; nothing if there is none yet. Never blocks.
  template <class Reply, class Pending>
  std::optional<result<Reply>> answer(Pending& pending) {
    if (self.ptr()->peek_at_next_mailbox_element() == nullptr)
      return std::nullopt;
    std::optional<result<Reply>> got;
    if constexpr (std::is_same_v<Reply, unit>)
      pending.receive(
        [&] {
          got = result<Reply>{unit{}};
        },
        [&](caf::error& err) {
          got = result<Reply>{from_caf(err)};
        });
    else
      pending.receive(
        [&](Reply& reply) {
          got = result<Reply>{std::move(reply)};
        },
        [&](caf::error& err) {
          got = result<Reply>{from_caf(err)};
        });
    return got;
  }

  /// Sends a request, runs the actors and returns the answer; fails the case,
  /// instead of hanging, if there is none.
  template <class Reply, class Handle, class Message>
  result<Reply> ask(const Handle& to, Message message) {
    auto pending = request(to, std::move(message));
    run();
    auto got = answer<Reply>(pending);
    REQUIRE_MESSAGE(got, "no answer to the request");
    return *std::move(got);
  }

private:
  static caf::actor_system_config& settings(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    config.set("logger.file-verbosity", caf::atom("quiet"));
    config.set("logger.inline-output", true); // no logger thread
    return config;
  }

  std::vector<actor_death> deaths_;
  bool are_killed_ = false;
  supervised_settings config_{[this](const actor_death& which) {
    if (are_killed_)
      return;
    deaths_.push_back(which);
    if (on_death)
      on_death();
  }};
  std::vector<caf::weak_actor_ptr> tracked_;
  std::size_t baseline_ = 0;

public:
  caf::actor_system system;
  caf::scoped_actor self;
  caf::scheduler::test_coordinator& scheduler;
};

/// Runs `scenario(chooser&)` for `count` seeds from `begin` on. A failure
/// prints the seed; FSSHARE_SEED=N in the environment runs that one alone.
template <class Scenario>
void for_each_seed(std::uint64_t count, Scenario scenario,
                   std::uint64_t begin = 1) {
  // Tests read their environment before any thread exists.
  const char* only
    = std::getenv("FSSHARE_SEED"); // NOLINT(concurrency-mt-unsafe)
  const std::uint64_t first = only ? std::strtoull(only, nullptr, 10) : begin;
  const std::uint64_t last = only ? first : begin + count - 1;
  for (auto seed = first; seed <= last; ++seed) {
    INFO("seed ", seed, " (replay with FSSHARE_SEED=", seed, ")");
    chooser choose{seed};
    scenario(choose);
  }
}

} // namespace fsshare::test
