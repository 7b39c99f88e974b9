// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace fsshare {

/// How CAF's workers come by actors that have something to do: they share one
/// queue, but each keeps the actor that it sent something to last and runs that
/// next. Most messages lead to another one; each would wake another worker.
///
/// What is kept waits for the rest of a handler. A handler that may block calls
/// share_kept() before. CAF's coordinator calls the rest; any thread.
class work_keeping : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    coordinator_data() = default;
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {
    }

    std::deque<caf::resumable*> queue;
    std::mutex lock;
    std::condition_variable filled;
  };

  struct worker_data {
    worker_data() = default;
    explicit worker_data(caf::scheduler::abstract_coordinator*) {
    }

    caf::resumable* kept = nullptr;
    /// How many were kept and run without a look at the queue.
    unsigned in_a_row = 0;
  };

  /// Two actors that go on writing to each other hold up no other for longer.
  static constexpr unsigned most_in_a_row = 16;

  /// Lets other workers have what the worker keeps whose thread this is, if it
  /// is one's. Idempotent.
  static void share_kept() {
    if (own_ != nullptr && own_->kept != nullptr)
      share(*of_own_, std::exchange(own_->kept, nullptr));
  }

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    if (own_ != nullptr && of_own_ == &d(self))
      keep(*of_own_, *own_, job);
    else
      share(d(self), job);
  }

  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    share(d(self->parent()), job);
  }

  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    keep(d(self->parent()), d(self), job);
  }

  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    share(d(self->parent()), job);
  }

  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    auto& own = d(self);
    auto& shared = d(self->parent());
    own_ = &own;
    of_own_ = &shared;
    if (own.kept != nullptr && own.in_a_row < most_in_a_row) {
      ++own.in_a_row;
      return std::exchange(own.kept, nullptr);
    }
    share_kept();
    own.in_a_row = 0;
    std::unique_lock guard{shared.lock};
    shared.filled.wait(guard, [&shared] {
      return !shared.queue.empty();
    });
    auto* const job = shared.queue.front();
    shared.queue.pop_front();
    return job;
  }

  /// A worker that ends keeps nothing: its last job is one of the queue's.
  template <class Worker, class UnaryFunction>
  void foreach_resumable(Worker*, UnaryFunction) {
  }

  template <class Coordinator, class UnaryFunction>
  void foreach_central_resumable(Coordinator* self, UnaryFunction f) {
    auto& shared = d(self);
    const std::lock_guard guard{shared.lock};
    for (auto* job : std::exchange(shared.queue, {}))
      f(job);
  }

private:
  static void share(coordinator_data& with, caf::resumable* job) {
    {
      const std::lock_guard guard{with.lock};
      with.queue.push_back(job);
    }
    with.filled.notify_one();
  }

  /// What was kept before is for whoever has nothing to do.
  static void keep(coordinator_data& with, worker_data& own,
                   caf::resumable* job) {
    if (auto* const before = std::exchange(own.kept, job))
      share(with, before);
  }

  /// Of the worker whose thread this is, and of its coordinator; null in the
  /// threads of others.
  static inline thread_local worker_data* own_ = nullptr;
  static inline thread_local coordinator_data* of_own_ = nullptr;
};

} // namespace fsshare
