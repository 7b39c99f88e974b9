// SPDX-License-Identifier: Apache-2.0
#include "main/actor_settings.hpp"
#include "main/work_keeping.hpp"

#include <array>
#include <doctest/doctest.h>
#include <thread>
#include <vector>

using namespace fsshare;

namespace {

// Something to do, which is never done here.
class job final : public caf::resumable {
public:
  resume_result resume(caf::execution_unit*, size_t) override {
    return done;
  }
  void intrusive_ptr_add_ref_impl() override {
  }
  void intrusive_ptr_release_impl() override {
  }
};

// What a policy knows of CAF's coordinator and of its workers.
struct shared_jobs {
  work_keeping::coordinator_data& data() {
    return data_;
  }

  work_keeping::coordinator_data data_;
};

struct one_worker {
  shared_jobs* parent() {
    return parent_;
  }
  work_keeping::worker_data& data() {
    return data_;
  }

  shared_jobs* parent_;
  work_keeping::worker_data data_ = {};
};

struct policy_fixture {
  using jobs = std::vector<const caf::resumable*>;

  /// What other workers would find.
  jobs queued() const {
    return {shared.data_.queue.begin(), shared.data_.queue.end()};
  }
  /// Lets the worker begin something that somebody else has asked for.
  void begin() {
    policy.external_enqueue(&worker, &begun);
    CHECK(policy.dequeue(&worker) == &begun);
  }

  work_keeping policy;
  shared_jobs shared;
  one_worker worker{&shared};
  job begun;
  std::array<job, 3> made;
};

} // namespace

TEST_SUITE_BEGIN("main/work_keeping");

TEST_CASE_FIXTURE(policy_fixture, "what a worker makes last it does next, and "
                                  "no other finds it") {
  begin();
  policy.internal_enqueue(&worker, made.data());
  CHECK(queued().empty());
  policy.external_enqueue(&worker, &made[1]);
  CHECK(policy.dequeue(&worker) == made.data());
  CHECK(policy.dequeue(&worker) == &made[1]);
}

TEST_CASE_FIXTURE(policy_fixture,
                  "what it made before that is for others, in its order") {
  begin();
  for (auto& each : made)
    policy.internal_enqueue(&worker, &each);
  CHECK(queued() == jobs{made.data(), &made[1]});
  CHECK(policy.dequeue(&worker) == &made[2]);
}

TEST_CASE_FIXTURE(policy_fixture, "what is sent without a sender in a worker's "
                                  "thread is that worker's, too") {
  begin();
  policy.central_enqueue(&shared, made.data());
  CHECK(queued().empty());
  SUBCASE("and not in any other thread") {
    std::thread{[this] {
      policy.central_enqueue(&shared, &made[1]);
    }}.join();
    CHECK(queued() == jobs{&made[1]});
  }
  SUBCASE("nor of another actor system") {
    shared_jobs other;
    policy.central_enqueue(&other, &made[1]);
    CHECK(queued().empty());
    CHECK(other.data_.queue.size() == 1);
  }
  CHECK(policy.dequeue(&worker) == made.data());
}

TEST_CASE_FIXTURE(policy_fixture,
                  "before a worker blocks others get what it keeps") {
  begin();
  policy.internal_enqueue(&worker, made.data());
  work_keeping::share_kept();
  CHECK(queued() == jobs{made.data()});
  work_keeping::share_kept();
  CHECK(queued().size() == 1);
}

TEST_CASE_FIXTURE(policy_fixture, "actors that go on writing to each other "
                                  "hold up no other for long") {
  begin();
  policy.external_enqueue(&worker, &made[1]);
  policy.internal_enqueue(&worker, made.data());
  unsigned before = 0;
  while (policy.dequeue(&worker) != &made[1]) {
    REQUIRE(++before <= work_keeping::most_in_a_row);
    policy.internal_enqueue(&worker, made.data());
  }
  CHECK(before == work_keeping::most_in_a_row);
  CHECK(queued() == jobs{made.data()});
}

TEST_CASE_FIXTURE(policy_fixture, "at the end nothing is left") {
  begin();
  for (auto& each : made)
    policy.external_enqueue(&worker, &each);
  jobs ended;
  policy.foreach_central_resumable(&shared, [&](caf::resumable* each) {
    ended.push_back(each);
  });
  CHECK(ended == jobs{made.data(), &made[1], &made[2]});
  CHECK(queued().empty());
}

TEST_CASE("the program's actors are run so, by the fewest workers that go on "
          "while one stands still") {
  actor_settings settings{[](const actor_death&) {}};
  caf::actor_system system{settings};
  auto& scheduler = system.scheduler();
  CHECK(dynamic_cast<caf::scheduler::coordinator<work_keeping>*>(&scheduler)
        != nullptr);
  CHECK(scheduler.num_workers() == 2);
}

TEST_SUITE_END();
