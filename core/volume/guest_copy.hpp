// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_order.hpp"
#include "core/copy/removal_list.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/volume/flip_doubt.hpp"
#include "core/volume/retry_record.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// What one outcome means for whoever waits for a copy.
enum class order_verdict : std::uint8_t {
  /// It did its work, or another order follows it at once.
  went_on,
  /// The guest has not got what it should, and a try comes later.
  failed,
};

/// What one destination holds of one volume, and what to do next about it.
///
/// Knows the acknowledged generation and the set of names that may exist in the
/// guest: each is entered before its request is handed out and struck out only
/// when its removal was answered. At most two orders are out at a time: one
/// that sends, and one that removes names which the other has nothing to do
/// with, so that nothing that is sent waits for a removal.
class guest_copy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    /// Absolute guest path of the destination.
    std::string root;
    /// Whether what the volume's root had before it had a generation is there
    /// already, made by somebody else.
    bool has_tree = false;
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

  /// Tells what the host has.
  void host_has(const generation& host, time_point now);

  /// Returns the next order, or nothing while nothing is to be done beside what
  /// is out, or what is to be done is not due at `now`.
  /// @param host The host's generation; null if it is not in memory.
  std::optional<guest_order> next(const volume_snapshot_ptr& host,
                                  time_point now);

  /// Takes the outcome of an order that is out: of the removal if it has
  /// results of removals, otherwise of the other one.
  order_verdict finished(const order_outcome& outcome, time_point now);

  /// Tells that the host has a newer generation.
  /// @returns whether a push that is out should be superseded: while the
  ///          requests of superseded ones since the last acknowledged flip are
  ///          fewer than this one takes. So a burst of rotations that ends
  ///          within the requests of one push costs those of two and what was
  ///          in flight of a superseded one at most. An endless one still
  ///          moves: from then on the push in hand is finished, and each move
  ///          costs less than three, beside the removals of what they left.
  ///          Never if it brings entries outside its generation, which have to
  ///          arrive by one push, or where an earlier one left what cannot be
  ///          removed.
  bool overtaken() const;

  /// Lets what failed to be sent be sent again at once. Does not end a hold,
  /// see held().
  void send_now();

  /// The same after a reconnect, and tries again what could not be removed: it
  /// may be another guest agent.
  void retry_now(time_point now);

  /// Tells that the guest has lost all that it had: everything is sent again,
  /// under new names, since that may be wrong.
  void guest_is_empty(time_point now);

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
  /// root's mode and owner included, and nothing is being sent.
  bool has_whole_copy() const;

  /// Returns when next() may have something new to say, apart from outcomes
  /// and changes on the host.
  std::optional<time_point> next_due() const;

  /// Whether an order is out that sends something.
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
  /// Why what was sent last failed, or why pushes wait; null if neither. Valid
  /// until the next change.
  const error* last_error() const;
  /// Of all kinds of orders that send, since the last success of each.
  unsigned failures() const;
  const skipped_list& skipped() const {
    return skipped_;
  }
  /// Guest paths that should be gone and cannot be removed by this guest agent,
  /// or under its policy.
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
    /// Being pushed, or pushed in part since the last flip.
    partial,
    /// `..data` names it, or may name it.
    live,
    /// Was live, or pushed in part before the last flip; to be removed.
    old,
  };
  struct guest_generation {
    name_state state = name_state::partial;
    time_point old_since;
    /// It was live: kept for a while, for its readers.
    bool was_live = false;
    /// When requests for it lost their answers.
    std::optional<time_point> lost_at;
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
    std::optional<time_point> lost_at;
    /// May be the guest agent's by now, and is not sent again.
    bool is_unsealed = false;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };

  /// What a push will make true once its flip is acknowledged.
  struct pending_push {
    std::string name;
    generation host;
    tree_entry root;
    /// All that the guest shall have, and those that are sent.
    std::vector<std::string> links;
    std::set<std::string> sent_links;
    /// Removed before the flip.
    std::vector<std::string> unlinked;
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

  enum class purpose : std::uint8_t { push, settle, repair, confirm };
  struct order_out {
    purpose why = purpose::push;
    guest_order order;
  };

  std::optional<order_out> next_sending(const volume_snapshot_ptr& host,
                                        time_point now);
  std::optional<guest_order> settle() const;
  std::optional<guest_order> push(const volume_snapshot_ptr& host);
  push_options options_for(const volume_snapshot& host,
                           const pending_push& push) const;
  std::optional<guest_order> repair();
  std::optional<guest_order> confirm(time_point now) const;
  std::optional<removal_order> clear(time_point now);
  std::optional<removal_order> remove_all();
  bool may_push(time_point now) const;
  bool must_clear_first() const;
  std::vector<std::string> parts() const;

  order_verdict push_finished(pending_push push, const order_outcome& outcome,
                              time_point now);
  order_verdict push_failed(const order_outcome& outcome, time_point now);
  order_verdict settle_finished(unsettled_flip flip,
                                const order_outcome& outcome, time_point now);
  order_verdict repair_finished(const steps_order& order,
                                const order_outcome& outcome, time_point now);
  order_verdict confirm_finished(const order_outcome& outcome, time_point now);
  void removal_finished(const removal_order& order,
                        const order_outcome& outcome, time_point now);
  void end_removed(const removal_order& order, const order_outcome& outcome);
  void generation_tried(const std::string& name, removal_result result,
                        bool was_sent, time_point now);
  void link_tried(const std::string& name, removal_result result);
  void went_live(pending_push push, time_point now);
  void keep(const std::string& name);
  void flip_acknowledged(time_point now);
  void links_went_live(const pending_push& push, time_point now);
  void remove_old(const std::string& name, time_point now);
  void links_sent(const std::set<std::string>& names,
                  const order_outcome& outcome, time_point now);
  void never_went_live(const pending_push& push, const order_outcome& outcome,
                       time_point now);
  void list_stale_links(time_point now);
  void clear_parts(time_point now);
  void left_behind(const std::string& name, time_point now);
  bool is_live(const pending_push& push) const {
    return acked_ && push.name == live_name_;
  }

  std::string attempt_name(const std::string& host_name);
  std::set<std::string> links_made(const pending_push& push) const;
  removal_order removal(const std::vector<std::string>& names) const;
  void keep_some(time_point now);
  void start_over(time_point now);

  settings settings_;
  /// Of each kind of order that sends.
  retry_record push_tries_;
  retry_record settle_tries_;
  retry_record repair_tries_;
  backoff hold_times_;
  std::optional<push_hold> hold_;
  /// Generations in part that could not be removed, since the last flip.
  std::set<std::string> left_behind_;
  /// The guest had no room for the last push.
  bool needs_room_ = false;
  /// The host has what the guest has.
  bool is_current_ = false;
  std::optional<order_out> out_;
  std::optional<removal_order> removing_;
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
  flip_doubt doubt_;
  /// Names in the root that should be gone.
  removal_list removals_;
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
  /// What is out does not know that the guest is empty.
  bool restarts_ = false;
  bool leaving_ = false;
  bool left_ = false;
  /// After leave(): a policy forbids the removal of the root itself.
  bool root_denied_ = false;
  /// Some request was sent.
  bool sent_ = false;
  /// Requests that superseded pushes cost since the last acknowledged flip.
  std::uint64_t wasted_ = 0;
  std::uint64_t pushes_ = 0;
  skipped_list skipped_;
  std::vector<skipped_entry> leftovers_;
};

} // namespace fsshare
