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
/// What a handler throws is the death of the actor, whose state may be half
/// changed; so is any other end that nobody asked for with stop(). It is told
/// to the supervised_settings of the actor system while the state is still
/// there, with the sandbox that it is of:
///
///     const std::string& sandbox_id() const;   // if there is one
template <class State>
class state_actor final : public State::handle::base {
  using super = typename State::handle::base;

public:
  using behavior_type = typename State::handle::behavior_type;

  template <class... Ts>
  explicit state_actor(caf::actor_config& cfg, Ts&&... xs) : super(cfg) {
    state_.emplace(static_cast<super*>(this), std::forward<Ts>(xs)...);
    this->set_exception_handler([this](std::exception_ptr& thrown) {
      const auto why = describe_exception(thrown, State::name);
      die(why);
      return to_caf(why);
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
    // None where it is of no use to anybody any more.
    const auto& why = this->fail_state();
    if (why && why != caf::exit_reason::user_shutdown)
      die(from_caf(why));
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
  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    FSSHARE_ACQUIRE(this);
    const auto consumed = super::consume(element);
    FSSHARE_RELEASE(this);
    return consumed;
  }
#endif

protected:
  behavior_type make_behavior() override {
    FSSHARE_ACQUIRE(this);
    return state_->make_behavior();
  }

private:
  void die(const error& why) {
    const auto* told
      = dynamic_cast<const supervised_settings*>(&this->home_system().config());
    if (std::exchange(is_dead_, true) || told == nullptr)
      return;
    actor_death death{State::name, {}, why.message};
    if constexpr (requires(const State& s) { s.sandbox_id(); })
      if (state_)
        death.sandbox = state_->sandbox_id();
    told->died(death);
  }

  std::optional<State> state_;
  bool is_dead_ = false;
};

} // namespace fsshare
