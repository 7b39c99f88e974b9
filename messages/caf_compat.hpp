// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <caf/all.hpp>

/// Everything that is spelled differently in CAF 0.17 and 1.x, so that the rest
/// of the program names neither.

#if CAF_VERSION >= 10000 || CAF_VERSION < 1000 // 1.x counts 10000 or 0100
#define FSSHARE_CAF_1 1
#else
#define FSSHARE_CAF_1 0
#endif

/// Declares a message type. No message ever leaves the process, so none can be
/// serialised, and CAF prints none: traces cannot leak file contents.
#define FSSHARE_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)

namespace fsshare {

/// Each header of messages/ numbers its types from
/// `type_range(the range's index)`; from CAF 0.18 on the numbers must differ
/// within the process.
constexpr std::uint16_t type_range(std::uint16_t index) {
  return static_cast<std::uint16_t>(caf::first_custom_type_id + 40 * index);
}

#if FSSHARE_CAF_1
/// A handler that takes `In...` and answers `R` or an error.
template <class R, class... In>
using rpc = caf::result<R>(In...);
#else
template <class R, class... In>
struct rpc_signature {
  using type = typename caf::replies_to<In...>::template with<R>;
};
/// A handler that takes `In...` and answers `R` or an error.
template <class R, class... In>
using rpc = typename rpc_signature<R, In...>::type;
#endif

#if FSSHARE_CAF_1
/// A handler that takes `In...` and answers nothing.
template <class... In>
using msg = caf::result<void>(In...);
#else
template <class... In>
using msg = caf::reacts_to<In...>;
#endif

/// Sends without a sender: no reply, no error comes back.
template <class Handle, class Message>
void tell(const Handle& to, Message&& message) {
#if FSSHARE_CAF_1
  caf::anon_mail(std::forward<Message>(message)).send(to);
#else
  caf::anon_send(to, std::forward<Message>(message));
#endif
}

/// Sends to `to` after a while; cannot be taken back, so the receiver checks
/// whether it still matters.
template <class Self, class Handle, class Message>
void tell_later(Self* self, const Handle& to, std::chrono::nanoseconds delay,
                Message&& message) {
#if FSSHARE_CAF_1
  self->mail(std::forward<Message>(message)).delay(delay).send(to);
#else
  self->delayed_send(to, delay, std::forward<Message>(message));
#endif
}

/// Sends a request without a time limit: local neighbours answer or die, and
/// an actor that dies answers what it owes (see state_actor). Use
/// `.then(on_reply, on_error)` with both functions.
template <class Self, class Handle, class Message>
auto ask(Self* self, const Handle& to, Message&& message) {
#if FSSHARE_CAF_1
  return self->mail(std::forward<Message>(message)).request(to, caf::infinite);
#else
  return self->request(to, caf::infinite, std::forward<Message>(message));
#endif
}

/// Ends an actor. Without a sender, so that a dying actor can end its children.
template <class Handle>
void stop(const Handle& to) {
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
}

/// Settings of the process's actor system: two workers that sleep when idle,
/// and no actor that keeps a worker for itself.
struct actor_settings : caf::actor_system_config {
  actor_settings() {
#if FSSHARE_CAF_1
    set("caf.scheduler.policy", "sharing");
    set("caf.scheduler.max-threads", std::size_t{2});
    set("caf.scheduler.max-throughput", std::size_t{100});
#else
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{100});
#endif
  }
};

/// Spawns an actor that blocks, on a thread of its own; under a test scheduler
/// it is an actor like any other.
template <class Actor, class... Ts>
auto spawn_blocking(caf::actor_system& system, Ts&&... xs) {
#if FSSHARE_CAF_1
  return system.spawn<Actor, caf::detached>(std::forward<Ts>(xs)...);
#else
  return system.scheduler().detaches_utility_actors()
           ? system.spawn<Actor, caf::detached>(std::forward<Ts>(xs)...)
           : system.spawn<Actor>(std::forward<Ts>(xs)...);
#endif
}

} // namespace fsshare
