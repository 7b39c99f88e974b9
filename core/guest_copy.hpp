// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/backoff.hpp"
#include "core/copy_plan.hpp"
#include "core/empty_contents.hpp"
#include "core/tree_snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// How far the request that makes `..data` name a new generation got.
enum class flip_state : std::uint8_t {
  not_sent,
  /// Answered PERMISSION_DENIED: the guest's policy kept it from happening.
  refused,
  /// Sent, and not answered or answered with another error: it may have
  /// happened, may still happen, or may have removed `..data`.
  unknown,
  acknowledged,
};

/// Copy one generation and make it live.
struct push_order {
  volume_snapshot_ptr snapshot;
  push_options options;
};

/// Send these steps, stage by stage: a flip alone, or links alone.
struct steps_order {
  std::vector<copy_step> steps;
};

/// Remove these paths; the steps are removal requests.
struct removal_order {
  std::vector<copy_step> steps;
  /// What stands there, for guest agents that cannot remove it but free its
  /// contents. For each step, or for none; an empty one is not known.
  std::vector<guest_contents> contents = {};
};

using guest_order = std::variant<push_order, steps_order, removal_order>;

enum class removal_result : std::uint8_t {
  removed,
  /// Not removed now; another try may succeed.
  failed,
  /// The guest's policy forbids it; it may get another one.
  denied,
  /// This guest agent cannot.
  impossible,
  /// This guest agent cannot, but it holds no contents any more: empty
  /// directories and files stay.
  emptied,
};

/// What ended an order that is not complete.
enum class stop_cause : std::uint8_t {
  /// The guest agent refused something, or could not be reached in time.
  failed,
  /// The connection ended in the middle.
  interrupted,
  /// The same of a first copy with a chunk of a file unanswered, which may come
  /// late: the copy can go on under another name.
  doubtful,
  /// It was told to stop.
  superseded,
};

/// What became of an order.
struct order_outcome {
  /// Every request of it was acknowledged.
  bool complete = false;
  /// Whether any request was sent: without, the guest is as before.
  bool sent = true;
  /// Number of requests of a push that were sent.
  std::uint64_t requests = 0;
  /// Why it is not complete.
  error err;
  stop_cause cause = stop_cause::failed;
  flip_state flip = flip_state::not_sent;
  /// One per step of a removal_order.
  std::vector<removal_result> removals;
  /// Entries that could not be copied.
  skipped_list skipped;
};

/// What one destination holds of one volume, and what to do next about it.
///
/// Knows the acknowledged generation and the set of names that may exist in the
/// guest: each is entered before its request is handed out and struck out only
/// when its removal was answered. At most one order is out at a time.
class guest_copy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    /// Absolute guest path of the destination.
    std::string root;
    /// How long an old generation stays after an acknowledged flip, for readers
    /// that resolved `..data` before it.
    std::chrono::nanoseconds grace = std::chrono::seconds{2};
    /// Number of old generations that are kept.
    std::size_t keep_generations = 0;
    std::chrono::nanoseconds first_retry = std::chrono::milliseconds{100};
    std::chrono::nanoseconds last_retry = std::chrono::seconds{30};
    /// Of the jitter of retries.
    std::uint32_t seed = 1;
  };

  explicit guest_copy(settings s);

  /// Returns the next order, or nothing while one is out, nothing is to be
  /// done, or what is to be done is not due at `now`.
  /// @param host The host's generation; null if it is not in memory.
  std::optional<guest_order> next(const volume_snapshot_ptr& host,
                                  time_point now);

  /// Takes the outcome of the order that is out.
  void finished(const order_outcome& outcome, time_point now);

  /// Tells that the host has a newer generation.
  /// @returns whether a push that is out should be superseded: while the
  ///          requests of superseded ones since the last acknowledged flip, the
  ///          removals of what they left included, are fewer than this one
  ///          takes. So a burst of rotations that ends within the requests of
  ///          one push costs those of two and what was in flight of a
  ///          superseded one at most. An endless one still moves: from then on
  ///          the push in hand is finished, and each move costs less than
  ///          three. Never if it brings entries outside its generation, which
  ///          have to arrive by one push, or where an earlier one left what
  ///          cannot be removed.
  bool overtaken() const;

  /// Lets due retries happen at once, as after a reconnect, and tries again
  /// what could not be removed: it may be another guest agent. Does not end
  /// a hold, see held().
  void retry_now();

  /// Tries again to remove what the guest's policy forbade.
  void retry_denied();

  /// Notes that a container is about to use the copy. Of what the guest has
  /// now, or gets within container_start, a generation with sealed secrets
  /// stays until the destination ends, since the guest agent may put their
  /// plaintext into it, and their links are not sent again, since it may make
  /// them lead there: see sealed_files(). Idempotent.
  void keep_sealed(time_point now);

  /// How long after keep_sealed() the guest agent may unseal: Kata's default
  /// for create_container_timeout.
  static constexpr std::chrono::seconds container_start{60};

  /// Ends the destination: from now on the only order is the removal of all
  /// that was copied. Idempotent.
  void leave();

  /// Returns whether a push of `host` can begin at `now`, so that the caller
  /// can have it read.
  bool needs(const generation& host, time_point now) const;

  /// Returns whether the contents of `host` are wanted in memory: it is to be
  /// pushed, and not only after a retry's wait.
  bool wants(const generation& host, time_point now) const;

  /// Returns why pushes wait at `now`, because several in a row have left
  /// parts in the guest that cannot be removed; null if they do not. From the
  /// third such part since the last flip on each is followed by a wait of 30 s
  /// at first and of 5 min at last, whatever else happens, so that tries that
  /// fail for ever do not fill the guest's memory. Valid until the next change.
  const error* held(time_point now) const {
    return hold_ && hold_->until > now ? &hold_->why : nullptr;
  }

  /// Returns whether `..data`, links and generations are all as wanted.
  bool converged(const generation& host) const;

  /// Returns whether some generation is live with all its links.
  bool whole() const;
  /// Returns whether the guest has the acknowledged generation whole, the
  /// root's mode and owner included, and no order is out.
  bool has_whole_copy() const;

  /// Returns when next() may have something new to say, apart from outcomes
  /// and changes on the host.
  std::optional<time_point> next_due() const;

  bool busy() const {
    return out_.has_value();
  }
  /// After leave(): nothing is out and nothing is left to try.
  bool gone() const;
  /// The generation that `..data` names by acknowledgement.
  const std::optional<generation>& acknowledged() const {
    return acked_;
  }
  /// Its directory in the guest: the host's name, perhaps with `.1`, `.2` ….
  const std::string& live_name() const {
    return live_name_;
  }
  /// Why the last order failed or, after a success, why pushes wait; null if
  /// neither. Valid until the next change.
  const error* last_error() const {
    if (last_error_)
      return &*last_error_;
    return hold_ ? &hold_->why : nullptr;
  }
  unsigned failures() const {
    return retry_.failures();
  }
  const skipped_list& skipped() const {
    return skipped_;
  }
  /// Guest paths that should be gone and cannot be removed by this guest agent.
  std::vector<std::string> not_removable() const;
  /// After leave(): what is still in the guest, and why.
  const std::vector<skipped_entry>& leftovers() const {
    return leftovers_;
  }
  /// Guest paths that should be gone and whose removal failed, with the reason.
  std::vector<skipped_entry> pending() const;
  /// The generations that keep_sealed() keeps, by their names in the guest.
  std::vector<std::string> kept() const;
  std::uint64_t pushes() const {
    return pushes_;
  }

private:
  enum class name_state : std::uint8_t {
    /// Being pushed, or pushed in part and to be removed before the next try.
    partial,
    /// `..data` names it, or may name it.
    live,
    /// Was live; to be removed when its grace is over.
    old,
    /// Cannot be removed.
    stuck,
  };
  struct guest_generation {
    name_state state = name_state::partial;
    time_point old_since;
    /// Failed removals of a partial one.
    unsigned tries = 0;
    /// See sealed_files(); of one that went live.
    std::set<std::string> sealed = {};
    /// Stays until the destination ends: plaintext may be in it.
    bool is_kept = false;
  };
  struct guest_link {
    /// Its request may have been sent: it may exist.
    bool sent = false;
    /// It exists, with the owner below.
    bool acknowledged = false;
    /// Cannot be removed.
    bool stuck = false;
    /// May be the guest agent's by now, and is not sent again.
    bool is_unsealed = false;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };

  /// Why a name that should be gone is not.
  struct failed_removal {
    removal_result result = removal_result::failed;
    std::string reason;
  };

  /// What a push will make true once its flip is acknowledged.
  struct pending_push {
    std::string name;
    generation host;
    tree_entry root;
    std::vector<std::string> links;
    skipped_list skipped;
    std::set<std::string> sealed = {};
  };

  /// A flip without an acknowledgement: `..data` may name the generation of
  /// the push, or none, or live_name_.
  struct unsettled_flip {
    pending_push push;
    /// Why it is not settled.
    error why;
    /// The next try to settle is the flip back to live_name_.
    bool back = false;
  };

  /// A wait that no reconnect ends, see held().
  struct push_hold {
    time_point until;
    error why;
  };

  std::optional<guest_order> settle() const;
  std::optional<guest_order> clear_partial() const;
  std::optional<guest_order> push(const volume_snapshot_ptr& host);
  std::optional<guest_order> repair_root();
  std::optional<guest_order> clear_stale(time_point now) const;
  std::optional<guest_order> remove_all();

  void push_finished(pending_push push, const order_outcome& outcome,
                     time_point now);
  void settle_finished(unsettled_flip flip, const order_outcome& outcome,
                       time_point now);
  void root_finished(const order_outcome& outcome, time_point now);
  void removal_finished(const removal_order& order,
                        const order_outcome& outcome, time_point now);
  void end_removed(const removal_order& order, const order_outcome& outcome);
  void generation_removed(const std::string& name, removal_result result,
                          time_point now);
  void went_live(pending_push push, time_point now);
  void keep(const std::string& name);
  void links_acknowledged();
  void never_went_live(const std::string& name, bool was_sent);
  void succeeded();
  void failed(const error& err, time_point now);
  void left_behind(const std::string& name, time_point now);
  void note_removal(const std::string& name, removal_result result,
                    const error& err);
  void retry_stuck(const std::string& name);

  std::string attempt_name(const std::string& host_name);
  std::vector<std::string> wanted_links(const volume_snapshot& host,
                                        skipped_list& refused);
  std::vector<std::string> unsent_links(const pending_push& push) const;
  std::vector<std::string> stale_links() const;
  /// Old generations beyond those that are kept, with when they may go.
  std::vector<std::pair<std::string, time_point>> stale_generations() const;
  copy_step link_step(const std::string& name, const std::string& target,
                      const tree_entry& root) const;
  removal_order removal(const std::vector<std::string>& names) const;

  settings settings_;
  backoff retry_;
  backoff removal_retry_;
  std::optional<time_point> retry_at_;
  std::optional<time_point> removal_retry_at_;
  backoff hold_times_;
  std::optional<push_hold> hold_;
  /// Generations in part that could not be removed, since the last flip.
  std::set<std::string> left_behind_;
  std::optional<guest_order> out_;
  std::map<std::string, guest_generation> generations_;
  std::map<std::string, guest_link> links_;
  /// Names that the volume's root in the guest has for something else than a
  /// link; the container may have mounts on them.
  std::set<std::string> others_;
  /// How often each host name was tried; see attempt_name().
  std::map<std::string, unsigned> attempts_;
  /// What goes live before then is kept; see keep_sealed().
  std::optional<time_point> keep_until_;
  /// Of the push that is out.
  pending_push pushing_;
  /// Nothing else is sent for this destination until it is settled.
  std::optional<unsettled_flip> unsettled_;
  /// The volume's root as last pushed.
  tree_entry pushed_root_;
  std::optional<generation> acked_;
  std::string live_name_;
  /// Mode and owner of the volume's root as last acknowledged.
  tree_entry root_;
  /// They may be those of a push that never went live.
  bool root_unsure_ = false;
  /// The links of the acknowledged generation.
  std::set<std::string> wanted_links_;
  bool leaving_ = false;
  bool left_ = false;
  /// After leave(): a policy forbids the removal of the root itself.
  bool root_denied_ = false;
  /// Some request was sent.
  bool sent_ = false;
  /// By name in the root; those that are wanted again do not count.
  std::map<std::string, failed_removal> unremoved_;
  /// Requests that superseded pushes cost since the last acknowledged flip.
  std::uint64_t wasted_ = 0;
  std::uint64_t pushes_ = 0;
  std::optional<error> last_error_;
  skipped_list skipped_;
  std::vector<skipped_entry> leftovers_;
};

} // namespace fsshare
