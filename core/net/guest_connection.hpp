// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/answer_patience.hpp"
#include "core/pacing.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

/// The states of the connection to one guest agent, as plain data. See
/// guest_connection for what leads from one to another.
namespace fsshare::connection_state {

using time_point = std::chrono::steady_clock::time_point;

/// There is none.
struct down {
  /// Nothing is dialed before.
  std::optional<time_point> redial_at;
};

/// A dial is out.
struct dialing {};

/// Check and Version are out.
struct greeting {
  enum class unanswered : std::uint8_t { both, check, version };
  unanswered left = unanswered::both;
};

/// Nothing is sent: requests of an earlier connection may still happen.
struct quiet {
  time_point until;
  /// How often the guest was slow to answer the Check after the silence.
  unsigned slow_rounds = 0;
};

/// The Check after the silence is out.
struct checking {
  time_point since;
  unsigned slow_rounds = 0;
};

/// It can be used: GUEST PROXY decides on the spot whether it first looks at
/// what the guest still has.
struct ready {};

/// Nothing is sent until it shows whether the guest still has anything.
struct looking {};

/// What a connection was good for so far.
enum class use : std::uint8_t {
  none,
  /// A CopyFile was answered.
  answered
};

/// Requests are sent.
struct up {
  time_point heard_at;
  use of = use::none;
};

/// It was idle for long, and may be dead without a word: nothing is sent until
/// the guest agent has answered a Check.
struct probing {
  use of = use::none;
};

using any = std::variant<down, dialing, greeting, quiet, checking, ready,
                         looking, up, probing>;

} // namespace fsshare::connection_state

namespace fsshare {

/// When the guest agent of one sandbox is dialed, when it may be sent requests,
/// and when a connection is taken to be dead.
///
/// It decides; GUEST PROXY has the stream, dials, calls, and tells what came.
///
/// | State     | What happens                                  | Next     |
/// |-----------|-----------------------------------------------|----------|
/// | down      | call(), if no redial waits                    | dialing  |
/// | dialing   | dialed()                                      | greeting |
/// |           | refused()                                     | down     |
/// | greeting  | Check and Version answered                    | ready    |
/// |           | the same, requests may still happen           | quiet    |
/// | quiet     | silence_ends(), when it is due                | checking |
/// | checking  | Check answered soon, or slowly the fifth time | ready    |
/// |           | Check answered slowly                         | quiet    |
/// | ready     | look()                                        | looking  |
/// |           | come_up()                                     | up       |
/// | looking   | come_up()                                     | up       |
/// | up        | probe()                                       | probing  |
/// | probing   | Check answered                                | up       |
/// | any       | lost(), hang_up()                             | down     |
///
/// What happens in a state that has no row for it changes nothing.
class guest_connection {
public:
  using time_point = connection_state::time_point;
  using duration = std::chrono::nanoseconds;

  struct settings {
    /// How long to try to connect before what waits fails.
    duration dial_timeout = std::chrono::seconds{30};
    /// How long the end of a share waits for a guest that does not answer a
    /// dial.
    duration end_timeout = std::chrono::seconds{2};
    /// Of each request.
    duration request_timeout = std::chrono::seconds{60};
    /// Length of the silence; none if zero.
    duration quiet_time = std::chrono::seconds{1};
    /// Between two calls of a guest that is wanted for nothing but leftovers
    /// and landmarks.
    duration idle_interval = std::chrono::seconds{30};
    /// Of the jitter of redials.
    std::uint32_t seed = 1;
  };

  explicit guest_connection(const settings& s);

  // -- dials ------------------------------------------------------------------

  /// Tells that the connection is wanted.
  /// @returns whether to dial now.
  bool call();

  /// Tells the same for nothing but leftovers and landmarks, for which the
  /// guest is called now and then only.
  /// @param debts_due when the first leftover is to be tried again.
  /// @returns whether call() is wanted now; it counts as called for them then.
  bool idle_call(std::optional<time_point> debts_due, time_point now);

  /// Returns whether a wait for a redial is over at `now`. Told once.
  bool redial_wait_ends(time_point now);

  /// The dial has a stream.
  void dialed();
  /// The dial failed. Others come with back-off.
  void refused(time_point now);
  /// Nobody wants the connection any more.
  void hang_up();

  // -- answers ----------------------------------------------------------------

  enum class step : std::uint8_t {
    /// Nothing is to be done.
    none,
    /// Nothing is to be sent.
    silence,
    /// To be followed by look() or come_up() at once.
    ready,
    /// What waits can be sent.
    resumed
  };

  enum class question : std::uint8_t { check, version };

  /// The guest agent has answered, whatever it said: one that is paused says
  /// nothing.
  step answered(question what, time_point now);
  /// @returns whether the silence is over at `now`, and a Check to be sent.
  bool silence_ends(time_point now);
  void look();
  void come_up(time_point now);

  /// Something came from the guest.
  void heard(time_point now);
  /// What came was taken. Of `unanswered` requests the answer is still to come.
  void taken(std::size_t unanswered, time_point now);
  /// A CopyFile was sent.
  void request_sent(time_point now);
  /// A CopyFile was answered.
  void request_answered();

  // -- silence of the guest ---------------------------------------------------

  /// Returns whether a connection with nothing in flight was silent for so long
  /// that a Check has to go before the next request.
  bool is_long_idle(time_point now) const;
  /// That Check is sent. Nothing is in flight: without an answer nothing has
  /// happened in the guest, so the next connection need not be silent first.
  void probe();

  /// Tells what to do about a guest that owes answers. After `give_up` lost()
  /// is to be called, and the next connection may take as long as the requests
  /// would have: a guest that is only paused answers by then.
  answer_patience::verdict silence_at(time_point now);

  /// Whether the guest agent does not answer: it owes answers and a Check, or
  /// the connection was lost or refused and is not back.
  bool is_guest_silent() const;

  // -- losses -----------------------------------------------------------------

  enum class loss : std::uint8_t {
    /// The guest agent was not reached.
    unreached,
    /// It had answered the greeting.
    greeted,
    /// It was sent requests.
    in_use
  };

  /// The connection has ended. One that ends in use is dialed again at once
  /// where it was of use, and else with back-off.
  /// @param unanswered Number of requests in flight: they may have happened,
  ///                   may still happen, or never will.
  loss lost(std::size_t unanswered, time_point now);

  /// Requests of somebody else's connection may still happen.
  void expect_stragglers() {
    has_stragglers_ = true;
  }

  /// The guest may have lost all that it had, until come_up().
  void doubt_guest(time_point now);
  bool is_guest_doubted() const {
    return lost_at_.has_value();
  }
  /// Whether a doubted guest is dialed again and again, though nothing is to be
  /// sent; after that now and then, see idle_call().
  bool is_sought(time_point now) const;

  // -- times ------------------------------------------------------------------

  /// How long the guest agent may take for what it is asked in this state.
  duration answer_limit() const;

  enum class purpose : std::uint8_t { copies, end_of_share };

  /// Returns until when something may wait for a connection.
  /// @param since when it was asked for, or lost the connection on which it had
  ///              begun.
  time_point wait_ends(time_point since, purpose what) const;

  /// What a job may wait for its next connection.
  duration dial_limit() const {
    return dial_limit_;
  }

  /// When something above has to be asked anew, if nothing happens before.
  std::optional<time_point> next_due(std::optional<time_point> debts_due) const;

  // -- states -----------------------------------------------------------------

  const connection_state::any& state() const {
    return state_;
  }
  template <class State>
  bool is() const {
    return std::holds_alternative<State>(state_);
  }
  bool is_up() const {
    return is<connection_state::up>();
  }
  /// What waits has deadlines. The silence has limits of its own, but a guest
  /// that answers before it and not after it is not reached either.
  bool is_connecting() const;

private:
  step greeting_answered(question what, time_point now);
  step checking_answered(time_point now);
  std::optional<time_point> idle_due(std::optional<time_point> debts_due) const;

  settings settings_;
  connection_state::any state_ = connection_state::down{};
  backoff redials_;
  answer_patience patience_;
  /// How long to try to connect this time.
  duration dial_limit_;
  /// Requests of an earlier connection may still happen, until a silence.
  bool has_stragglers_ = false;
  /// The last dial failed.
  bool is_refused_ = false;
  /// When the guest was lost, which may have lost all that it had since.
  std::optional<time_point> lost_at_;
  /// When the guest was last called for nothing but leftovers or landmarks.
  std::optional<time_point> idle_called_at_;
};

} // namespace fsshare
