// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_order.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/volume/copy_pace.hpp"
#include "core/volume/guest_copy_state.hpp"
#include "core/volume/guest_names.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
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
/// It is one state, beside a removal that may be out, over two parts: the names
/// that may exist in the guest (guest_names) and the pace of tries (copy_pace).
/// At most two orders are out at a time: one that sends, and one that removes
/// names which the other has nothing to do with, so that nothing that is sent
/// waits for a removal.
///
/// | State         | What happens                        | Next               |
/// |---------------|-------------------------------------|--------------------|
/// | (recorded)    | `..data` may name an unknown one    | unsettled: back    |
/// | idle          | next(): another generation          | pushing            |
/// |               | next(): root or links not as wanted | repairing          |
/// |               | next(): a flip may come late        | confirming         |
/// | pushing       | acknowledged, refused or not sent   | idle               |
/// |               | its outcome is unknown              | unsettled: forward |
/// | unsettled     | next(), when a try is due           | settling           |
/// |               | guest_is_empty()                    | idle               |
/// | settling      | the flip was acknowledged           | idle               |
/// |               | forward failed, another is live     | unsettled: back    |
/// |               | back failed, or nothing is live     | unsettled: forward |
/// |               | back failed, recorded               | unsettled: back    |
/// | repairing     | finished()                          | idle               |
/// | confirming    | acknowledged or not sent            | idle               |
/// |               | its outcome is unknown              | unsettled: forward |
/// | sending       | guest_is_empty()                    | outdated           |
/// | outdated      | finished()                          | idle               |
/// | up to here    | leave()                             | leaving            |
/// | leaving       | next(): nothing was ever sent       | gone               |
/// |               | next(): nothing is out              | removing root      |
/// | removing root | a policy forbids it                 | emptying root: due |
/// |               | any other outcome                   | gone               |
/// | emptying root | next(), when due                    | emptying root: out |
/// |               | finished()                          | gone               |
///
/// Pushing, settling, repairing and confirming are sending, each with its
/// order.
///
/// The removal beside it begins in idle, sending and outdated, not while a flip
/// is not settled, and ends in any state up to leaving.
class guest_copy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  using settings = guest_names::settings;

  explicit guest_copy(const settings& s);

  /// Goes on with what was written down. A flip that may have been sent is
  /// settled by one to the live generation before anything else; it is not
  /// known whether the other one is whole.
  guest_copy(const settings& s, const guest_record& from, time_point now);

  /// Returns what is to be written down of it: before an order that sends
  /// goes out, and when an order has ended.
  guest_record record() const {
    return names_.record(push_out());
  }

  /// Returns what record() has because of the push that is out; nothing if none
  /// is, or where it is the first one.
  std::optional<push_record> push_out_record() const;

  /// Returns what that will be once a push of a generation of that name is out,
  /// should nothing but contents of files differ; nothing where no push would
  /// go out at `now`.
  std::optional<push_record> next_push_record(const std::string& host_name,
                                              time_point now) const;

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
  /// now, or gets within guest_names::container_start, a generation with sealed
  /// secrets stays until the destination ends, since the guest agent may put
  /// their plaintext into it, and their links are not sent again, since it may
  /// make them lead there: see sealed_files(). Idempotent.
  void keep_sealed(time_point now);

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
    return pace_.held(now);
  }

  /// Returns what it is about, in a sentence without capital and full stop: why
  /// the guest has not what the host has while nothing has failed.
  std::string activity() const;

  /// Returns whether `..data`, links and generations are all as wanted.
  bool converged(const generation& host) const;

  /// Returns whether some generation is live with all its links.
  bool whole() const;
  /// Returns whether the guest has the acknowledged generation whole, the
  /// root's mode and owner included, and nothing is being sent.
  bool has_whole_copy() const;

  /// Returns when something is sent for the copy to become what it shall be;
  /// nothing while it is, or nothing is lacking. Removals are none of it.
  std::optional<time_point> next_try() const;
  /// Returns when next() may have something new to say, apart from outcomes
  /// and changes on the host.
  std::optional<time_point> next_due() const;

  const copy_state::any& state() const {
    return state_;
  }
  /// Whether an order is out that sends something.
  bool busy() const {
    return out() != nullptr;
  }
  /// After leave(): nothing is out and nothing is left to try.
  bool gone() const {
    return std::holds_alternative<copy_state::gone>(state_);
  }
  /// The generation that `..data` names by acknowledgement.
  const std::optional<generation>& acknowledged() const {
    return names_.acknowledged();
  }
  /// Its directory in the guest: the host's name, perhaps with `.1`, `.2` ….
  const std::string& live_name() const {
    return names_.live_name();
  }
  /// Why what was sent last failed, or why pushes wait; null if neither. Valid
  /// until the next change.
  const error* last_error() const;
  /// Of all kinds of orders that send, since the last success of each.
  unsigned failures() const {
    return pace_.failures();
  }
  const skipped_list& skipped() const {
    return names_.skipped();
  }
  /// Guest paths that should be gone and cannot be removed by this guest agent,
  /// or under its policy, as many as `most`.
  counted_names not_removable(std::size_t most) const {
    return names_.not_removable(most);
  }
  /// After leave(): what is still in the guest, and why.
  std::vector<path_reason> leftovers() const;
  /// How many guest paths below its root should be gone and could not be
  /// removed.
  std::size_t leftovers_below() const {
    return names_.leftovers();
  }
  /// Those that come behind a path, with the reason; see
  /// leftover_index::page().
  leftover_page leftovers_below(const std::string& after,
                                std::size_t most) const {
    return names_.leftovers(after, most);
  }
  /// The generations that keep_sealed() keeps, by their names in the guest, as
  /// many as `most`.
  counted_names kept(std::size_t most) const {
    return names_.kept(most);
  }
  std::uint64_t pushes() const {
    return pushes_;
  }

private:
  /// What an order that sends leads to.
  struct order_end {
    order_verdict verdict = order_verdict::went_on;
    copy_state::any next = copy_state::idle{};
  };

  /// The order that sends and is out; null if none is.
  const copy_state::order_out* out() const;
  const push_effect* push_out() const;
  /// The flip that is not settled; null if there is none.
  const copy_state::unsettled* flip_in_doubt() const;
  bool is_ending() const;

  std::optional<guest_order> next_sending(const volume_snapshot_ptr& host,
                                          time_point now);
  std::optional<guest_order> next_ending();
  guest_order push(const volume_snapshot_ptr& host);
  guest_order settle(copy_state::unsettled flip);
  std::optional<guest_order> repair(time_point now);
  std::optional<guest_order> confirm(time_point now);
  std::optional<guest_order> clear(time_point now);

  order_end ended(copy_state::pushing out, const order_outcome& outcome,
                  time_point now);
  order_end ended(copy_state::settling tried, const order_outcome& outcome,
                  time_point now);
  order_end ended(const copy_state::repairing& repair,
                  const order_outcome& outcome, time_point now);
  order_end ended(copy_state::confirming, const order_outcome& outcome,
                  time_point now);
  order_verdict push_failed(const order_outcome& outcome, time_point now);
  void went_live(push_effect push, time_point now);
  void removal_finished(const order_outcome& outcome, time_point now);
  void root_tried(const order_outcome& outcome);
  void root_emptied(const order_outcome& outcome);
  void start_over(time_point now);

  copy_state::any state_ = copy_state::idle{};
  /// The removal that is out beside it.
  std::optional<removal_order> removing_;
  guest_names names_;
  copy_pace pace_;
  std::uint64_t pushes_ = 0;
};

} // namespace fsshare
