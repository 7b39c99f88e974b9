// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fsshare {

/// Tells when a guest that owes answers and sends nothing is asked for a sign
/// of life, and when its connection is given up. Anything that it sends is one.
///
/// Silence is no proof: a guest whose one thread works on a file sends nothing
/// either. So each connection that is given up doubles how long the next sign
/// of life may take: a guest that is only slow is served all the same.
class answer_patience {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// Silence after which a guest that owes answers is asked.
  static constexpr duration until_asked = pacing::silent_guest;
  /// How long a sign of life may take at first.
  static constexpr duration shortest = pacing::first_patience;

  enum class verdict : std::uint8_t { wait, ask, give_up };

  /// @param longest that a sign of life may take; the limit of a request.
  explicit answer_patience(duration longest);

  /// Notes that a request was sent.
  void sent(time_point now);

  /// Notes that something came from the guest.
  /// @param owes whether it still owes answers.
  void heard(time_point now, bool owes);

  /// Notes that the connection ended, for whatever reason.
  void ended();

  /// Tells what is to be done at `now`. Each `ask` and `give_up` is told once;
  /// after the latter the connection has ended.
  verdict at(time_point now);

  /// Whether it was asked for a sign of life and has given none.
  bool is_asked() const {
    return phase_ == phase::asked;
  }

  /// When at() has something else to tell than `wait`.
  std::optional<time_point> due() const;

private:
  enum class phase : std::uint8_t { owes_nothing, silent, asked };

  duration longest_;
  duration patience_;
  phase phase_ = phase::owes_nothing;
  /// Of the phase.
  time_point since_;
};

} // namespace fsshare
