// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"
#include "messages/reply_promise.hpp"

#include <exception>
#include <optional>
#include <utility>

#if defined(__SANITIZE_THREAD__)
#define FSSHARE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FSSHARE_TSAN 1
#endif
#endif
#ifdef FSSHARE_TSAN
// Debian's libcaf_core is not instrumented, so ThreadSanitizer cannot see that
// a message put into a mailbox happens before its handler. Tell it.
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#define FSSHARE_ACQUIRE(p) __tsan_acquire(p)
#define FSSHARE_RELEASE(p) __tsan_release(p)
#else
#define FSSHARE_ACQUIRE(p) static_cast<void>(0)
#define FSSHARE_RELEASE(p) static_cast<void>(0)
#endif

namespace fsshare {

/// Spawns an actor that may find no thread.
/// @param what Begins the sentence of the error.
/// @param spawn Returns what converts to a Handle.
/// @returns `errc::resource_exhausted` naming the limit of tasks.
template <class Handle, class Spawn>
result<Handle> try_spawn(const std::string& what, Spawn spawn) {
  try {
    return Handle{spawn()};
  } catch (...) {
    return describe_exception(std::current_exception(), what);
  }
}

/// An actor whose data and behaviour are a plain class:
///
///     struct x_state {
///       using handle = x_actor;
///       static constexpr const char* name = "x";
///       x_state(handle::pointer self, ...);      // runs in the spawner
///       handle::behavior_type make_behavior();   // runs in the actor
///     };
///
/// The state dies when the actor ends, whatever the reason, and answers what it
/// owes in ~State; see reply_promise for what it forgets.
///
/// What a handler throws is an error to its caller, then the end of the actor,
/// whose state may be half changed:
///
///     void failed(const error& why);           // if there is one, before
///     ~State
///
/// unless nothing of the state depends on how far a handler got:
///
///     static constexpr bool survives_exceptions = true;
template <class State>
class state_actor final : public State::handle::base {
  using super = typename State::handle::base;

public:
  using behavior_type = typename State::handle::behavior_type;

  template <class... Ts>
  explicit state_actor(caf::actor_config& cfg, Ts&&... xs) : super(cfg) {
    state_.emplace(static_cast<super*>(this), std::forward<Ts>(xs)...);
    // The reason that whoever watches the actor gets.
    this->set_exception_handler([](std::exception_ptr& thrown) {
      return to_caf(describe_exception(thrown, State::name));
    });
  }
  ~state_actor() override {
    FSSHARE_ACQUIRE(this);
  }
  const char* name() const override {
    return State::name;
  }
  void on_exit() override {
    FSSHARE_ACQUIRE(this);
    state_.reset();
    FSSHARE_RELEASE(this);
  }
  /// For tests only, and only where no other thread runs the actor.
  State& state() {
    return *state_;
  }

#ifdef FSSHARE_TSAN
  using super::enqueue;
  void enqueue(caf::mailbox_element_ptr element,
               caf::execution_unit* unit) override {
    FSSHARE_RELEASE(this);
    super::enqueue(std::move(element), unit);
  }
  /// Destroys what is in the mailbox.
  bool cleanup(caf::error&& why, caf::execution_unit* unit) override {
    FSSHARE_ACQUIRE(this);
    return super::cleanup(std::move(why), unit);
  }
#endif

  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    FSSHARE_ACQUIRE(this);
    orphaned_promises().clear();
    try {
      const auto consumed = super::consume(element);
      FSSHARE_RELEASE(this);
      return consumed;
    } catch (...) {
      const auto why
        = describe_exception(std::current_exception(), State::name);
      for (auto& promise : std::exchange(orphaned_promises(), {}))
        promise.deliver(to_caf(why));
      if (survives()) {
        // Of no request if there is a promise.
        this->make_response_promise().deliver(to_caf(why));
        FSSHARE_RELEASE(this);
        return caf::invoke_message_result::dropped;
      }
      if constexpr (requires(State & s) { s.failed(why); })
        if (state_)
          state_->failed(why);
      throw;
    }
  }

protected:
  behavior_type make_behavior() override {
    FSSHARE_ACQUIRE(this);
    return state_->make_behavior();
  }

private:
  static constexpr bool survives() {
    if constexpr (requires { State::survives_exceptions; })
      return State::survives_exceptions;
    else
      return false;
  }

  std::optional<State> state_;
};

} // namespace fsshare
