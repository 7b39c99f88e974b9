// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <caf/all.hpp>

/// Everything that CAF spells differently from release to release, as in 0.17,
/// so that the rest of the program does not name it.

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

template <class R, class... In>
struct rpc_signature {
  using type = typename caf::replies_to<In...>::template with<R>;
};
/// A handler that takes `In...` and answers `R` or an error.
template <class R, class... In>
using rpc = typename rpc_signature<R, In...>::type;

/// A handler that takes `In...` and answers nothing.
template <class... In>
using msg = caf::reacts_to<In...>;

/// Sends without a sender: no reply, no error comes back.
template <class Handle, class Message>
void tell(const Handle& to, Message&& message) {
  caf::anon_send(to, std::forward<Message>(message));
}

/// Sends to `to` after a while; cannot be taken back, so the receiver checks
/// whether it still matters.
template <class Self, class Handle, class Message>
void tell_later(Self* self, const Handle& to, std::chrono::nanoseconds delay,
                Message&& message) {
  self->delayed_send(to, delay, std::forward<Message>(message));
}

/// Sends a request without a time limit: local neighbours answer or die, and
/// an actor that dies answers what it owes (see state_actor). Use
/// `.then(on_reply, on_error)` with both functions.
template <class Self, class Handle, class Message>
auto ask(Self* self, const Handle& to, Message&& message) {
  return self->request(to, caf::infinite, std::forward<Message>(message));
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
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{100});
  }
};

/// Spawns an actor that blocks, on a thread of its own; under a test scheduler
/// it is an actor like any other.
template <class Actor, class... Ts>
auto spawn_blocking(caf::actor_system& system, Ts&&... xs) {
  return system.scheduler().detaches_utility_actors()
           ? system.spawn<Actor, caf::detached>(std::forward<Ts>(xs)...)
           : system.spawn<Actor>(std::forward<Ts>(xs)...);
}

} // namespace fsshare
