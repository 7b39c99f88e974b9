// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/caf_compat.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace fsshare {

/// Notices when an actor that the process cannot do without ends by itself.
/// Nothing brings it back with what it knew, so the process has to end, and
/// whoever started it starts it again.
class supervision {
public:
  /// Gets the actor's name and why it ended. Called once at most, by any
  /// thread, and logs nothing itself.
  using on_death
    = std::function<void(const std::string& name, const std::string& why)>;

  explicit supervision(on_death then)
    : shared_(std::make_shared<shared>(std::move(then))) {
  }

  /// An actor that has ended already is noticed at once.
  template <class Handle>
  void watch(const Handle& actor, std::string name) {
    const auto attach_to = caf::actor_cast<caf::strong_actor_ptr>(actor);
    attach_to->get()->attach_functor(
      [shared = shared_, name = std::move(name)](const caf::error& why) {
        if (!shared->is_over.exchange(true))
          shared->then(name, caf::to_string(why));
      });
  }

  /// From now on actors are expected to end. Idempotent.
  void end() {
    shared_->is_over = true;
  }

private:
  struct shared {
    explicit shared(on_death f) : then(std::move(f)) {
    }
    const on_death then;
    std::atomic<bool> is_over{false};
  };

  std::shared_ptr<shared> shared_;
};

} // namespace fsshare
