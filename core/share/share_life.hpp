// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// Where something that is shared is in its life.
enum class share_phase : std::uint8_t {
  /// Asked for; nothing is made of it.
  admitted,
  /// It is being made: its end has something to take away.
  making,
  ready,
  /// Unshared while it was being made. What that made is taken away after it.
  unwanted,
  /// It is being taken away.
  leaving,
};

/// What to do about a request.
enum class admission : std::uint8_t {
  /// Nobody has asked for it yet.
  begin,
  /// The same request runs already: wait for its answer.
  wait,
  /// It was done before: give the same answer.
  answer,
  /// It is being unshared.
  refuse,
};

/// What the owner of something shared does next about it.
enum class share_step : std::uint8_t { nothing, forget, take_away };

/// The life of a share or of a root filesystem.
///
/// | From | making() | made(ok) | made(failed) | end() | taken_away(all) |
/// taken_away(not all) |
/// |---|---|---|---|---|---|---|
/// | admitted | making | ready | forget | leaving, forget | | |
/// | making | | ready | forget | unwanted | | |
/// | ready | | | | leaving, take away | | |
/// | unwanted | | leaving, take away | leaving, take away | waits | | |
/// | leaving | | | | waits | forget | ready |
///
/// What is not in the table changes nothing. What is to be forgotten its owner
/// drops, after whoever waits for it was told.
class share_life {
public:
  share_phase phase() const {
    return phase_;
  }
  bool is_ready() const {
    return phase_ == share_phase::ready;
  }
  /// Whether nobody gets it any more.
  bool is_ending() const {
    return phase_ == share_phase::unwanted || phase_ == share_phase::leaving;
  }

  /// Decides about the same request once more.
  admission again() const;

  /// Tells that something of it may be made from now on.
  void making();

  /// Tells that making it ended.
  share_step made(bool succeeded);

  /// Tells that it is to end.
  share_step end();
  /// The same of what can be taken away while it is being made.
  share_step end_at_once();

  /// Tells that taking it away ended. What could not be is still there: another
  /// end may succeed.
  share_step taken_away(bool all);

private:
  share_step leave();

  share_phase phase_ = share_phase::admitted;
};

} // namespace fsshare
