// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_schedule.hpp"
#include "core/copy/guest_files.hpp"
#include "core/copy/guest_inventory.hpp"
#include "core/copy/guest_order.hpp"
#include "core/copy/guest_removal.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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
/// next one gets the rest of them, unless a chunk of a file had no answer: then
/// they end with `stop_cause::doubtful`, to begin anew under another name. All
/// else ends with it, since it may happen or not, which is for whoever gave the
/// order to find out.
class guest_job {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit guest_job(guest_order order);
  explicit guest_job(tree_order order);

  /// Makes the plan, or that of the rest after an interruption. An order that
  /// this guest agent cannot carry out ends at once, and so does one that would
  /// send anything but below the shared directory.
  /// @param there what may be in the guest; removals take it from there.
  void begin(const guest_profile& guest,
             const guest_inventory& there = guest_inventory{});

  /// Returns whether all of the request's step was acknowledged.
  bool is_done(const copy_request& request) const {
    return schedule_.reach(request.step) == step_reach::done;
  }

  /// Returns whether it changes anything at or below the guest path of a copy.
  bool concerns(std::string_view guest_path) const;

  /// Returns the files that it may make, beside empty ones; a push of a volume
  /// those of its generation and those beside it apart.
  std::vector<guest_files> files() const;

  /// Whether it waits for nothing but answers.
  bool begun() const {
    return stage_ == stage::running;
  }

  /// Returns the next request that may be sent now. See copy_schedule::next().
  std::optional<copy_request> next(std::uint64_t max_data_bytes);

  /// Returns what next() would hand out with room for anything.
  std::optional<copy_request> peek() const;

  /// Returns whether the file of a request that peek() returned is one of
  /// those that are read together; see copy_schedule.
  bool is_small_file(const copy_request& request) const {
    return schedule_.is_small_file(request.step);
  }

  /// Returns the steps of such files that are handed out next; none of a job
  /// that hands out nothing.
  std::vector<std::uint32_t> next_small_files(std::size_t looked_at) const;

  /// Returns what a step is about that is as it was planned.
  const copy_step& planned(std::uint32_t step) const {
    return schedule_.plan().steps[step];
  }

  /// Returns what a request is about; valid while the job lives.
  const copy_step& step_of(const copy_request& request) const;

  /// Notes the guest agent's answer.
  void answered(const copy_request& request, errc code,
                const std::string& message);

  /// Notes that a request was handed out and could not be sent.
  void unsent(const copy_request& request, const error& why);

  /// Notes that a file is of another shape than was planned: its request is
  /// handed out anew. One that is so again and again is left out.
  void reshaped(const copy_request& request, file_shape shape);

  /// Notes that a file cannot be read for now: nothing of it is handed out
  /// until resume(). After a while of that it is left out.
  /// @returns whether to try it again.
  bool put_off(const copy_request& request, const error& why, time_point now);

  /// Has a file tried again that was put off, if it still is.
  void resume(std::uint64_t request_id);

  /// Notes that a file of a tree cannot be read: it is left out, with the
  /// reason, and what was sent of it is taken away. A tree that is that file
  /// fails.
  void unreadable(const copy_request& request, const error& why);

  /// Notes that somebody wrote to a file while it was read.
  void changed(const copy_request& request);

  /// Bytes that a file takes in the guest, as it is known by now.
  std::uint64_t bytes_of(const copy_request& request) const;

  /// Notes that the connection ended; the guest may have carried out what was
  /// not answered. A first copy then waits for begin(), no request of it being
  /// able to happen any more by then, unless connections have ended for
  /// `patience` without that another step of it was finished.
  void disconnected(const error& why, time_point now,
                    std::chrono::nanoseconds patience);

  /// Makes a first copy that was interrupted begin anew: the guest has nothing
  /// of it any more.
  void restart();

  /// Gives the job up: nothing more is handed out.
  void fail(const error& why);

  /// Stops it, with ABORTED, unless its flip has been sent. Removals go on.
  void stop();

  /// Reports an entry that did not arrive as it is.
  void note(path_reason what);

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

  /// A file of a tree that could not be read at first.
  struct troubled_file {
    unsigned reshapes = 0;
    std::optional<time_point> put_off_since;
    /// The request that was put off; 0 for none.
    std::uint64_t waiting = 0;
  };

  std::vector<copy_step> taking_away(const copy_step& file) const;
  void settle_taking_away(const copy_request& request, const copy_step& step,
                          errc code, const std::string& message);
  bool is_refused_link(const copy_step& step, errc code) const;
  copy_plan make_plan(const guest_profile& guest) const;
  void clear_way_of_tree(copy_plan& plan, const guest_inventory& there) const;
  bool is_first_copy() const;
  bool is_free_to_move(const std::vector<const copy_step*>& files) const;
  bool is_out_of_patience(time_point now, std::chrono::nanoseconds patience);
  void begin_rest(const guest_profile& guest);
  void go_on_removing();

  std::variant<guest_order, tree_order> order_;
  /// Of a removal_order.
  std::optional<guest_removal> removal_;
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
  skipped_list notes_;
  /// Links whose removal before the flip was sent.
  std::vector<std::string> unlinked_;
  /// By step.
  std::map<std::uint32_t, troubled_file> troubled_;
  std::size_t in_flight_ = 0;
  /// Number of requests that were handed out.
  std::uint64_t sent_ = 0;
};

} // namespace fsshare
