// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy_schedule.hpp"
#include "core/guest_copy.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace fsshare {

/// A whole tree whose contents are read as they are sent.
struct tree_order {
  tree_snapshot_ptr tree;
  std::string guest_root;
};

/// One order on its way through a guest: from the plan, which depends on the
/// guest agent, to the outcome. Passive; whoever owns the connection sends the
/// requests that it hands out and tells it the answers.
///
/// First copies, to paths that nobody uses yet, outlive their connection: the
/// next one gets the rest of them. All else ends with it, since it may happen
/// or not, which is for whoever gave the order to find out.
class guest_job {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit guest_job(guest_order order);
  explicit guest_job(tree_order order);

  /// Makes the plan, or that of the rest after an interruption. An order that
  /// this guest agent cannot carry out ends at once.
  void begin(const guest_profile& guest);

  /// Returns whether it changes anything at or below the guest path of a copy.
  bool concerns(std::string_view guest_path) const;

  /// Whether it waits for nothing but answers.
  bool begun() const {
    return stage_ == stage::running;
  }

  /// Returns the next request that may be sent now. See copy_schedule::next().
  std::optional<copy_request> next(std::uint64_t max_data_bytes);

  /// Returns what next() would hand out with room for anything.
  std::optional<copy_request> peek() const;

  /// Returns what a request is about; valid while the job lives.
  const copy_step& step_of(const copy_request& request) const;

  /// Notes the guest agent's answer.
  void answered(const copy_request& request, errc code,
                const std::string& message);

  /// Notes that a request was handed out and could not be sent.
  void unsent(const copy_request& request, const error& why);

  /// Notes that the connection ended; the guest may have carried out what was
  /// not answered. A first copy then waits for begin(), no request of it being
  /// able to happen any more by then, unless connections have ended for
  /// `patience` without that another step of it was finished.
  void disconnected(const error& why, time_point now,
                    std::chrono::nanoseconds patience);

  /// Gives the job up: nothing more is handed out.
  void fail(const error& why);

  /// Stops it, with ABORTED, unless its flip has been sent.
  void stop();

  /// Reports an entry that did not arrive as it is.
  void note(skipped_entry what);

  /// Returns whether nothing is in flight and nothing is to be sent.
  bool ended() const;

  /// Returns what became of it, once it has ended.
  order_outcome outcome() const;

  copy_progress progress() const;
  /// Whether any request was handed out.
  bool sent_anything() const {
    return sent_ > 0;
  }

private:
  enum class stage : std::uint8_t {
    /// begin() has not been called; there is no plan.
    waiting,
    running,
    /// The connection ended; begin() goes on with the rest.
    interrupted,
  };

  copy_plan make_plan(const guest_profile& guest) const;
  copy_plan begin_removal(const guest_profile& guest);
  copy_plan begin_emptying(const removal_order& wanted);
  bool is_removal() const;
  bool is_first_copy() const;
  bool is_out_of_patience(time_point now, std::chrono::nanoseconds patience);
  void begin_rest(const guest_profile& guest);
  void settle_removal(const copy_request& request, errc code,
                      const std::string& message);
  void settle_emptying(const copy_request& request, errc code,
                       const std::string& message);
  void not_removed(removal_result& result, const copy_request& request,
                   errc code, const std::string& message);
  error removal_error(const std::vector<removal_result>& removals) const;

  std::variant<guest_order, tree_order> order_;
  guest_profile guest_;
  stage stage_ = stage::waiting;
  /// Of no steps before begin().
  copy_schedule schedule_{std::make_shared<const copy_plan>()};
  std::optional<error> error_;
  stop_cause cause_ = stop_cause::failed;
  /// What was finished before the present plan, which is of the rest only.
  copy_progress finished_;
  /// When the first connection ended since a step was last finished.
  std::optional<time_point> stalled_since_;
  std::uint64_t finished_at_stall_ = 0;
  flip_state flip_ = flip_state::not_sent;
  std::vector<removal_result> removals_;
  /// Where paths are emptied instead: index of the path of each step, and for
  /// each path the number of steps that were not carried out.
  std::vector<std::uint32_t> path_of_step_;
  std::vector<std::size_t> left_of_path_;
  skipped_list notes_;
  std::size_t in_flight_ = 0;
  /// Number of requests that were handed out.
  std::uint64_t sent_ = 0;
};

} // namespace fsshare
