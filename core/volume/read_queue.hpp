// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "core/result.hpp"
#include "core/volume/hung_read.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// What a read touches, from what ends soon to what may take any time.
enum class read_class : std::uint8_t {
  /// A volume of the kubelet, on the node's own disk or memory.
  volume,
  /// One entry of a user's, wherever that lies.
  entry,
  /// A whole tree of a user's, or contents of it.
  tree,
};

/// A read that is asked for.
struct wanted_read {
  /// Unique and larger than those before.
  std::uint64_t read = 0;
  read_class what = read_class::volume;
  /// Reads of one key are done one after the other, in order; empty for one
  /// that need not wait for any other.
  std::string key = {};
  /// The sandbox that asks; empty for a read that is nobody's alone, as those
  /// with a key are.
  std::string owner = {};
  /// What is tried on what, such as `open /a`: begins the sentence of an error.
  std::string subject = {};
  /// The device on which it lies, where that can be told and may not answer.
  std::string device = {};
};

/// Which reader does which read, and when; which reads hang, and what follows.
///
/// First come first served, but reads of trees never take the last two places
/// and those of entries never the last one, where there are as many. A read
/// that takes longer than `slow_after` gives its place up: another reader is
/// made for what comes next, and whatever takes long delays the others by that
/// time only. How many are slow at a time is bounded, per owner, per device and
/// in all: a server that is gone is one device, however many owners use it. One
/// that does not move for `timeout` hangs: its asker is answered, its reader
/// given up until it comes back.
class read_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    /// Places; at least 1.
    std::size_t readers = 4;
    std::chrono::nanoseconds slow_after = pacing::slow_read;
    /// How long a read may stand still.
    std::chrono::nanoseconds timeout = std::chrono::seconds{10};
    /// Slow reads of one owner; of trees one less.
    std::size_t most_slow_of_owner = 3;
    /// Slow reads of one device, of whatever owners.
    std::size_t most_slow_of_device = 16;
    std::size_t most_slow = 48;
  };

  struct assignment {
    std::uint64_t read = 0;
    /// Number of the reader; one that was never named before is to be made.
    std::size_t reader = 0;
  };

  /// A read whose asker gets an error.
  struct refusal {
    std::uint64_t read = 0;
    error why;
    /// Its reader hangs; otherwise it was not begun.
    bool hangs = false;
  };

  /// What follows from the end of a read.
  struct read_end {
    std::uint64_t read = 0;
    /// The asker was answered before: it hung.
    bool was_late = false;
    /// The reader has nothing to do any more and ends.
    bool retire = false;
  };

  explicit read_queue(const settings& s);

  /// Adds a read.
  /// @returns `errc::resource_exhausted` where as many reads hang as may, of
  ///          the owner, of the device or in all: it is not added then.
  status add(wanted_read wanted, time_point now);

  /// Returns what can begin now; that reader is busy then.
  std::optional<assignment> next(time_point now);

  /// Notes how far the read of a reader is, by any number that grows.
  void moved(std::size_t reader, std::uint64_t steps, time_point now);

  /// Finds what has become slow or hangs.
  /// @returns the reads whose askers wait no longer.
  std::vector<refusal> expire(time_point now);

  /// Notes that a reader has ended its read; nothing for one that had none.
  std::optional<read_end> done(std::size_t reader);

  /// Notes that a reader could not be made, or is gone for good; its read has
  /// ended, too.
  void lost(std::size_t reader);

  /// Forgets an owner: its reads wait no longer, and those that are slow or
  /// hang count as nobody's.
  /// @returns the reads whose askers are to be answered.
  std::vector<std::uint64_t> forget(const std::string& owner);

  /// Returns when expire() may find something.
  std::optional<time_point> next_due() const;

  /// The read of each busy reader, by reader.
  std::map<std::size_t, std::uint64_t> running() const;

  /// What hangs of an owner, the longest first.
  std::vector<hung_read> hung_of(const std::string& owner,
                                 time_point now) const;

  /// What is slow or hangs, as `open /a`.
  std::vector<std::string> slow_reads() const;

private:
  static constexpr std::size_t classes = 3;

  struct waiting_read {
    wanted_read wanted;
    time_point since;
  };
  struct running_read {
    wanted_read wanted;
    time_point begun;
    time_point moved;
    std::uint64_t steps = 0;
    bool has_place = true;
    /// Its asker was answered: it hangs, or its owner is forgotten.
    bool is_answered = false;
  };

  std::size_t busy_beyond(std::size_t what) const;
  bool may_begin(std::size_t what) const;
  bool may_be_slow(const wanted_read& wanted) const;
  template <class Of>
  std::size_t slow_where(Of of) const;
  std::size_t slow() const;
  std::size_t limit_of(read_class what) const;
  status check_hanging(const wanted_read& wanted) const;
  void give_up_place(running_read& one);
  void expire_waiting(time_point now, std::vector<refusal>& out);
  void make_ready(waiting_read next);
  void release(const std::string& key);

  settings settings_;
  time_point checked_;
  std::size_t readers_made_ = 0;
  /// Readers without a read, the last used at the end.
  std::vector<std::size_t> idle_;
  std::map<std::size_t, running_read> running_;
  /// Reads that have a place, by class.
  std::array<std::size_t, classes> busy_{};
  /// By class: what need not wait for its key.
  std::array<std::deque<waiting_read>, classes> ready_;
  /// By key that is ready or running: what comes after.
  std::map<std::string, std::deque<waiting_read>> behind_;
};

} // namespace fsshare
