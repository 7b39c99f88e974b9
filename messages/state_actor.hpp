#pragma once

#include "messages/caf_compat.hpp"

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

#if CAF_VERSION < 1800 && !FSSHARE_CAF_1
/// An actor whose data and behaviour are a plain class:
///
///     struct x_state {
///       using handle = x_actor;
///       static constexpr const char* name = "x";
///       x_state(handle::pointer self, ...);      // runs in the spawner
///       handle::behavior_type make_behavior();   // runs in the actor
///     };
///
/// The state dies when the actor ends, whatever the reason. CAF 0.17.6 never
/// answers a promise whose holder dies, so ~State must deliver an error to
/// every promise that it still has.
template <class State>
class state_actor final : public State::handle::base {
  using super = typename State::handle::base;

public:
  using behavior_type = typename State::handle::behavior_type;

  template <class... Ts>
  explicit state_actor(caf::actor_config& cfg, Ts&&... xs) : super(cfg) {
    state_.emplace(static_cast<super*>(this), std::forward<Ts>(xs)...);
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
  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    FSSHARE_ACQUIRE(this);
    auto consumed = super::consume(element);
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
  std::optional<State> state_;
};
#else
template <class State>
using state_actor = caf::stateful_actor<State, typename State::handle::base>;
#endif

} // namespace fsshare
