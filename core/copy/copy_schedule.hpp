// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"
#include "core/copy/copy_progress.hpp"
#include "core/copy/file_shape.hpp"

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

namespace fsshare {

/// One request to the guest agent: a directory, a symlink or a chunk of a file.
struct copy_request {
  /// Unique within a schedule, rising from 1.
  std::uint64_t id = 0;
  /// Index into copy_plan::steps.
  std::uint32_t step = 0;
  /// Position of the chunk in the file; 0 for other types.
  std::uint64_t offset = 0;
  /// Bytes of file contents; 0 for other types and empty files.
  std::uint64_t length = 0;
  /// Which of the steps that are sent instead of the rest of a file, from 1; 0
  /// for a request of the step itself.
  std::uint32_t instead = 0;

  friend bool operator==(const copy_request&, const copy_request&) = default;
};

/// How far a step got.
enum class step_reach : std::uint8_t {
  /// No request of it was handed out.
  untouched,
  begun,
  /// All of it was acknowledged.
  done
};

/// Hands out the requests of a plan such that guest agents, which carry out
/// requests in flight in any order and at the same time, end with exactly the
/// planned tree:
///
/// - steps follow copy_plan::order, and stages are barriers;
/// - of a file of several chunks the first goes alone, the middle ones in any
///   order and the last one alone, since the guest agent truncates on offset 0
///   and takes a file for complete as soon as its size is right;
/// - everything else may be in flight together.
///
/// A file whose contents are read as they are sent may turn out to be another
/// one than was planned: it can be reshaped, put off and given up.
///
/// One per copy to one guest, owned by whoever talks to that guest. Passive.
/// Every call but the constructor, next_small_files() and abandon() takes
/// constant time, amortised.
class copy_schedule {
public:
  static constexpr auto any_length = std::numeric_limits<std::uint64_t>::max();
  /// Of a file that is read together with others.
  static constexpr std::uint64_t small_file_bytes = std::uint64_t{64} << 10;

  /// @param chunk_bytes size of chunks, at least 1.
  explicit copy_schedule(copy_plan_ptr plan,
                         std::uint64_t chunk_bytes = default_chunk_bytes);

  /// Returns the next request that may be in flight together with those that
  /// are, which it joins.
  /// @param max_data_bytes most bytes of contents that it may carry.
  /// @returns nothing when an acknowledgement or more room is needed first, or
  ///          nothing is left.
  std::optional<copy_request> next(std::uint64_t max_data_bytes = any_length);

  /// Returns what next() would hand out with room for anything.
  std::optional<copy_request> peek() const;

  /// Returns whether a step is a file that is read whole as it is sent, and so
  /// small that it is read together with others. Not one of which anything was
  /// handed out, or that is not as it was planned.
  bool is_small_file(std::uint32_t step) const;

  /// Returns those of the next steps, in the order in which they are handed
  /// out.
  /// @param looked_at How many steps that may be handed out are looked at.
  std::vector<std::uint32_t> next_small_files(std::size_t looked_at) const;

  /// Notes that the guest agent carried a request out.
  /// @returns false for an id that is not in flight, which changes nothing.
  bool acknowledge(std::uint64_t id);

  /// Takes back a request that was handed out and not sent. Nothing of its step
  /// is handed out until resume(), reshape() or abandon() is called for it, one
  /// of which has to follow.
  void take_back(const copy_request& request);

  /// Hands out the first request of a step anew that was taken back.
  void resume(std::uint32_t step);

  /// The same, of a file that is of another shape than was planned.
  void reshape(std::uint32_t step, file_shape shape);

  /// Hands out nothing more of a file that a request was taken back of. When
  /// all else of it is acknowledged, `instead` is sent, one after the other;
  /// then the step counts as done.
  void abandon(std::uint32_t step, std::vector<copy_step> instead);

  /// Returns what a request is about. Valid until its step is reshaped or
  /// abandoned.
  const copy_step& step_of(const copy_request& request) const;

  /// Bytes that a step sends.
  std::uint64_t bytes_of(std::uint32_t step) const {
    return planned_bytes(step);
  }

  /// Returns the largest size that a step announces.
  std::uint64_t announced_size(std::size_t step) const;

  /// Hands out nothing more from now on: the copy was superseded or failed.
  /// What is in flight stays to be acknowledged.
  void stop();

  /// Returns whether the guest may already have carried the flip out.
  bool flip_sent() const {
    return flip_sent_;
  }
  /// Returns whether everything has been acknowledged.
  bool done() const {
    return unfinished_ == 0;
  }
  bool stopped() const {
    return stopped_;
  }
  /// Returns how far the step with this index got.
  step_reach reach(std::size_t step) const;

  /// Returns the step of the oldest request without an answer; null if there is
  /// none.
  const copy_step* oldest_in_flight() const;

  /// Returns the files that a request without an answer damages if it comes
  /// late: those of several chunks, and those whose temporary is spent.
  std::vector<const copy_step*> files_in_doubt() const;

  /// Returns the number of requests without an answer.
  std::size_t in_flight() const {
    return in_flight_.size();
  }
  copy_progress progress() const {
    return progress_;
  }
  const copy_plan& plan() const {
    return *plan_;
  }

private:
  struct step_state {
    std::uint64_t chunks = 1;
    std::uint64_t sent = 0;
    std::uint64_t acknowledged = 0;
    /// Steps before this one that are not acknowledged.
    std::uint32_t blockers = 0;
  };

  /// What has become of a file that is not as it was planned.
  struct altered_step {
    copy_step step;
    std::vector<file_part> parts = {};
    bool is_abandoned = false;
    std::vector<copy_step> instead = {};
    /// Requests of the file itself that were handed out.
    std::uint64_t sent = 0;
  };

  std::uint64_t chunks_of(const copy_step& step) const;
  const altered_step* altered(std::uint32_t step) const;
  altered_step& alter(std::uint32_t step);
  std::uint64_t planned_bytes(std::uint32_t index) const;
  std::uint64_t handed_out_bytes(std::uint32_t index) const;
  file_part part_of(std::uint32_t index, std::uint64_t n) const;
  void go_on(std::uint32_t index);
  void open_stage();
  bool may_send(std::uint32_t index) const;
  copy_request make_request(std::uint32_t index) const;
  void finish(std::uint32_t index);

  copy_plan_ptr plan_;
  std::uint64_t chunk_bytes_;
  std::vector<step_state> states_;
  /// Successors of step i: successors_[begin_[i]] up to begin_[i + 1].
  std::vector<std::uint32_t> begin_;
  std::vector<std::uint32_t> successors_;
  std::unordered_map<std::uint32_t, altered_step> altered_;
  /// Steps of which a request may be sent now.
  std::deque<std::uint32_t> ready_;
  std::unordered_map<std::uint64_t, copy_request> in_flight_;
  std::uint64_t last_id_ = 0;
  /// First step of the stages that have not begun.
  std::uint32_t next_stage_ = 0;
  std::size_t unfinished_in_stage_ = 0;
  std::size_t unfinished_ = 0;
  copy_progress progress_;
  bool flip_sent_ = false;
  bool stopped_ = false;
};

} // namespace fsshare
