// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <caf/all.hpp>

/// Everything that CAF spells differently from release to release, as in 0.17,
/// so that the rest of the program does not name it.

/// Declares message types of the namespace fsshare, each of which stands in one
/// list of the process; to be used outside of namespaces, once in a header.
/// `range` is the index of the list's type_range() and no other list's. No
/// message ever leaves the process, so none can be serialised, and CAF prints
/// none: traces cannot leak file contents.
#define FSSHARE_MESSAGES(list, range, ...)                                     \
  FSSHARE_EACH(FSSHARE_UNSAFE_MESSAGE, list, __VA_ARGS__)                      \
  CAF_BEGIN_TYPE_ID_BLOCK(fsshare_##list, fsshare::type_range(range))          \
    FSSHARE_EACH(FSSHARE_TYPE_ID, list, __VA_ARGS__)                           \
  CAF_END_TYPE_ID_BLOCK(fsshare_##list)

#define FSSHARE_UNSAFE_MESSAGE(list, type)                                     \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(fsshare::type)
#define FSSHARE_TYPE_ID(list, type)                                            \
  CAF_ADD_TYPE_ID(fsshare_##list, (fsshare::type))

// macro(list, x) for each x. The preprocessor expands no macro within itself:
// each step names the next one, which the next scan expands; there are 3^4 + 1
// scans, for up to 80 types.
#define FSSHARE_EACH(macro, list, ...)                                         \
  FSSHARE_SCAN(FSSHARE_EACH_STEP(macro, list, __VA_ARGS__))
#define FSSHARE_EACH_STEP(macro, list, first, ...)                             \
  macro(list, first)                                                           \
    __VA_OPT__(FSSHARE_EACH_NEXT FSSHARE_PARENS(macro, list, __VA_ARGS__))
#define FSSHARE_EACH_NEXT() FSSHARE_EACH_STEP
#define FSSHARE_PARENS ()
#define FSSHARE_SCAN(...)                                                      \
  FSSHARE_SCAN3(FSSHARE_SCAN3(FSSHARE_SCAN3(__VA_ARGS__)))
#define FSSHARE_SCAN3(...)                                                     \
  FSSHARE_SCAN2(FSSHARE_SCAN2(FSSHARE_SCAN2(__VA_ARGS__)))
#define FSSHARE_SCAN2(...)                                                     \
  FSSHARE_SCAN1(FSSHARE_SCAN1(FSSHARE_SCAN1(__VA_ARGS__)))
#define FSSHARE_SCAN1(...)                                                     \
  FSSHARE_SCAN0(FSSHARE_SCAN0(FSSHARE_SCAN0(__VA_ARGS__)))
#define FSSHARE_SCAN0(...) __VA_ARGS__

namespace fsshare {

/// Each header of messages/ numbers its types from
/// `type_range(the range's index)`; from CAF 0.18 on the numbers must differ
/// within the process.
constexpr std::uint16_t type_range(std::uint16_t index) {
  return static_cast<std::uint16_t>(caf::first_custom_type_id + 40 * index);
}

template <class Request, class Reply>
struct rpc_signature {
  using type = typename caf::replies_to<Request>::template with<Reply>;
};
/// A handler that takes a `Request` and answers a `Reply`, which may be void,
/// or an error.
template <class Request, class Reply>
using rpc = typename rpc_signature<Request, Reply>::type;

/// A handler that takes a `Message` and answers nothing.
template <class Message>
using msg = caf::reacts_to<Message>;

template <class Generic, class Signature>
struct generic_handler;
template <class Generic, class Request, class Reply>
struct generic_handler<Generic, caf::typed_mpi<caf::detail::type_list<Request>,
                                               caf::output_tuple<Reply>>> {
  Generic generic;
  caf::result<Reply> operator()(const Request& request) const {
    return generic.template operator()<Reply>(request);
  }
};

/// Makes a behavior that handles every request of one interface alike.
/// @param Alike An actor handle type, all of whose signatures are rpc.
/// @param generic Called as `generic.operator()<Reply>(request)`; returns what
/// converts to `caf::result<Reply>`.
/// @param others The handlers of everything else.
template <class Behavior, class Alike, class Generic, class... Others>
Behavior behave_alike(const Generic& generic, Others... others) {
  return [&]<class... Signatures>(caf::detail::type_list<Signatures...>) {
    return Behavior{generic_handler<Generic, Signatures>{generic}...,
                    std::move(others)...};
  }(typename Alike::signatures{});
}

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

/// The same with a limit: a neighbour that may stand still is not waited for
/// longer. What it answers later counts no more.
template <class Self, class Handle, class Message>
auto ask_within(Self* self, const Handle& to, std::chrono::nanoseconds limit,
                Message&& message) {
  return self->request(to, limit, std::forward<Message>(message));
}

/// Ends an actor. Without a sender, so that a dying actor can end its children.
template <class Handle>
void stop(const Handle& to) {
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
}

/// An actor that ended by itself, and not by stop().
struct actor_death {
  std::string actor;
  /// Whose it was; empty for one that all share.
  std::string sandbox;
  /// Never file contents.
  std::string why;
};

/// Settings of an actor system whose deaths somebody notices.
struct supervised_settings : caf::actor_system_config {
  using death_handler = std::function<void(const actor_death&)>;

  /// @param died Called for each death, by the thread that ran the actor,
  ///        before anything that it owes is answered. Where others are to see
  ///        nothing of a state that was half changed, it does not return.
  explicit supervised_settings(death_handler died) : died_(std::move(died)) {
  }

  void died(const actor_death& which) const {
    if (died_)
      died_(which);
  }

private:
  death_handler died_;
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
