// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_order.hpp"
#include "core/copy/removal_list.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/pacing.hpp"
#include "core/volume/flip_doubt.hpp"
#include "core/volume/guest_record.hpp"
#include "core/volume/link_doubt.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// What a push will make true once its flip is acknowledged.
struct push_effect {
  /// The generation's directory in the guest.
  std::string name;
  generation host;
  /// The volume's root; its mode and owner count.
  tree_entry root;
  /// All links that the guest shall have, and those that are sent.
  std::vector<std::string> links;
  std::set<std::string> sent_links;
  /// Links that were removed before the flip.
  std::vector<std::string> unlinked;
  skipped_list skipped;
  /// See sealed_files().
  std::set<std::string> sealed;
  /// Guest paths of files by which the generation can be told to be there.
  std::vector<std::string> landmarks = {};
};

/// How a push goes out.
struct planned_push {
  push_effect effect;
  push_options options;
};

/// What sends mode and owner of the root, and links, once more.
struct planned_repair {
  /// None if there is nothing to repair.
  std::vector<copy_step> steps;
  std::set<std::string> links;
};

/// The first of a list of names, and how many more there are.
struct counted_names {
  std::vector<std::string> listed;
  std::uint64_t more = 0;
};

/// What became of removals, as far as pushes are concerned.
struct removed_parts {
  std::vector<std::string> gone;
  /// Generations in part that could not be removed.
  std::vector<std::string> left;
};

/// The names that may exist in the guest in one volume's root: generations,
/// `..data`, visible links, and what else was copied there. Each is entered
/// before a request for it is handed out, and struck out only when its removal
/// was answered. Those that should be gone have their time here, too.
///
/// Passive: it says what could be sent, and is told what was.
class guest_names {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    /// Absolute guest path of the destination.
    std::string root;
    /// Whether what the volume's root had before it had a generation is there
    /// already, made by somebody else; containers may use it. The first push
    /// brings what stands there by then.
    bool has_tree = false;
    /// How long an old generation stays after an acknowledged flip, for readers
    /// that resolved `..data` before it.
    std::chrono::nanoseconds grace = std::chrono::seconds{2};
    /// Number of old generations that are kept.
    std::size_t keep_generations = 0;
    /// Of the jitter of retries.
    std::uint32_t seed = 1;
  };

  /// How long after keep_sealed() the guest agent may unseal.
  static constexpr auto container_start = pacing::container_start;

  explicit guest_names(settings s);

  /// Goes on with what was written down.
  guest_names(settings s, const guest_record& from, time_point now);

  /// Returns what is to be written down.
  /// @param out the push that is out, if any.
  guest_record record(const push_effect* out) const;

  /// Returns what that is with a push that is out and was not without it;
  /// nothing where more differs, before something was acknowledged.
  std::optional<push_record> push_record_of(const push_effect& out) const;

  /// The same of the next push, of a generation of that name, should nothing
  /// but contents of files differ.
  std::optional<push_record>
  next_push_record(const std::string& host_name) const;

  /// Generations of the time before it that `..data` may name, beside or
  /// instead of the live one.
  const std::vector<std::string>& doubtful() const {
    return doubtful_;
  }

  const std::string& root() const {
    return settings_.root;
  }

  /// Some request was sent.
  void was_sent() {
    presence_ = presence::may_exist;
  }
  /// Whether anything may be there.
  bool may_exist() const {
    return presence_ == presence::may_exist;
  }

  /// Plans a push of `host` under a name of its own, and enters what it may
  /// make.
  planned_push begin_push(const volume_snapshot& host);

  /// The flip of a push has no acknowledgement: `..data` may name it.
  void flip_unknown(const push_effect& push);

  /// A flip to `name` has lost its answer, and may happen later.
  void flip_lost(const std::string& name, time_point now);

  /// The flip of a push was acknowledged.
  void went_live(push_effect push, time_point now);

  /// A flip to the live generation was acknowledged once more.
  void flip_acknowledged(time_point now);

  /// A flip to the live one, wanted because of one that is lost, came to
  /// nothing.
  void flip_postponed(time_point now) {
    flips_.postpone(now);
  }

  /// A push has ended without its flip, or after a flip back.
  void never_went_live(const push_effect& push, const order_outcome& outcome,
                       time_point now);

  /// Links of the live generation were sent, with that outcome.
  void links_sent(const std::set<std::string>& names,
                  const order_outcome& outcome, time_point now);

  /// The guest had no room for a push: what is there in part goes before the
  /// next one.
  void room_is_short() {
    room_ = room::short_of;
  }

  /// Plans what the live generation lacks, and enters what that may make.
  planned_repair begin_repair(time_point now);

  /// A repair was acknowledged whole.
  void repaired();

  /// Returns whether the live generation lacks nothing that a repair sends.
  bool is_repaired() const;

  /// When a link, or the flip, is to be sent again because of a request that
  /// was lost and may happen yet; nothing if none is.
  std::optional<time_point> links_due() const;
  std::optional<time_point> flip_due() const;

  /// The flip to the live generation, or to that of a push.
  std::vector<copy_step> flip_to_live() const;
  std::vector<copy_step> flip_to(const push_effect& push) const;

  /// Lets go what was pushed in part, but for the push that is out, if any: at
  /// once, or where there is too much of it.
  void clear_parts(const push_effect* out, time_point now);
  void clear_too_many_parts(const push_effect* out, time_point now);
  /// Whether some of it has to go before the next push.
  bool must_clear_first() const;

  /// Returns the removals that are due; none are out afterwards until
  /// removals_tried().
  std::vector<copy_step> begin_removals(time_point now);
  removed_parts removals_tried(const removal_order& order,
                               const order_outcome& outcome, time_point now);
  std::optional<time_point> removals_due() const {
    return removals_.next_due();
  }
  /// Returns the removal of the root itself, and of every name in it.
  copy_step root_removal() const;
  std::vector<copy_step> all_removals() const;

  /// Tries again what could not be removed.
  void retry_removals(time_point now) {
    removals_.retry_now(now);
  }

  /// See guest_copy::keep_sealed().
  void keep_sealed(time_point now);

  /// The guest has lost all. Names stay known: should they be there after all,
  /// they are removed.
  void guest_is_empty();

  /// The generation that `..data` names by acknowledgement.
  const std::optional<generation>& acknowledged() const {
    return acked_;
  }
  const std::string& live_name() const {
    return live_name_;
  }
  /// The same as the push that brought it; only if something is acknowledged.
  push_effect live() const;
  bool is_live(const push_effect& push) const {
    return acked_ && push.name == live_name_;
  }
  /// Whether all links of the live generation are there, and mode and owner of
  /// the root known.
  bool links_are_there() const;
  bool root_is_known() const {
    return root_state_ == root_state::known;
  }
  /// Whether nothing is left to remove but what is kept.
  bool is_clean() const;
  const skipped_list& skipped() const {
    return skipped_;
  }
  /// See guest_copy::kept().
  counted_names kept(std::size_t most) const;
  counted_names not_removable(std::size_t most) const;
  std::size_t leftovers() const {
    return removals_.leftovers();
  }
  leftover_page leftovers(const std::string& after, std::size_t most) const;

private:
  enum class generation_state : std::uint8_t {
    /// Being pushed, or pushed in part since the last flip.
    partial,
    /// `..data` names it, or may name it.
    live,
    /// Was pushed in part before the last flip; to be removed.
    abandoned,
    /// Was live: stays for a while, for its readers.
    old,
    /// The same of one that was live when a container was started: plaintext
    /// may be in it, so it stays until the end.
    kept_live,
    kept_old,
  };
  struct guest_generation {
    generation_state state = generation_state::partial;
    time_point old_since{};
    /// When requests for it lost their answers.
    std::optional<time_point> lost_at = std::nullopt;
    /// See sealed_files(); of one that went live.
    std::set<std::string> sealed = {};
    /// Of the guest's memory, in bytes.
    std::uint64_t room = 0;
  };
  enum class link_state : std::uint8_t {
    /// Its request may have been sent.
    may_exist,
    there,
    /// There, and the guest agent may have made it lead elsewhere: it is not
    /// sent again.
    unsealed,
  };
  struct guest_link {
    link_state state = link_state::may_exist;
    std::optional<time_point> lost_at = std::nullopt;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };
  /// Of mode and owner of the root, as they are in the guest.
  enum class root_state : std::uint8_t {
    known,
    /// They may be those of a push that never went live, or of a removal.
    unsure,
    /// The same, and a repair has sent them since.
    sent,
  };
  enum class room : std::uint8_t { enough, short_of };
  enum class presence : std::uint8_t { untouched, may_exist };

  static bool is_there(const guest_link& link) {
    return link.state == link_state::there
           || link.state == link_state::unsealed;
  }
  static bool is_kept(const guest_generation& g) {
    return g.state == generation_state::kept_live
           || g.state == generation_state::kept_old;
  }
  static std::string attempt_name(const std::string& host_name, unsigned n);
  std::string new_attempt(const std::string& host_name);
  push_options options_for(const volume_snapshot& host,
                           const push_effect& push) const;
  std::set<std::string> links_made(const push_effect& push) const;
  std::vector<std::string> parts(const push_effect* out) const;
  void others_are_old(const std::string& live, time_point now);
  void links_went_live(const push_effect& push, time_point now);
  void generation_tried(const std::string& name, removal_result result,
                        bool was_sent, removed_parts& parts);
  void link_tried(const std::string& name, removal_result result);
  void remove_old(const std::string& name, time_point now);
  void keep_some(time_point now);
  void keep(const std::string& name);
  void list_stale_links(time_point now);
  void link_stays(const std::string& name);
  copy_step removal_of(const std::string& name) const;

  void others_failed(const order_outcome& outcome);
  guest_record::generation_state recorded_state(const std::string& name,
                                                const guest_generation& g,
                                                const push_effect* out) const;
  void record_removals(guest_record& into) const;
  void restore_generations(const guest_record& from, time_point now);
  void restore_links(const guest_record& from, time_point now);

  settings settings_;
  presence presence_ = presence::untouched;
  std::map<std::string, guest_generation> generations_;
  std::map<std::string, guest_link> links_;
  /// Names that the root has for something else than a link; the container may
  /// have mounts on them.
  std::set<std::string> others_;
  std::uint64_t others_room_ = 0;
  /// Why the next push does without them: the last one failed. Only where a
  /// tree was there before, so that the container may be in their way.
  std::optional<error> without_others_;
  /// How often each host name was tried.
  std::map<std::string, unsigned> attempts_;
  /// What goes live before then is kept; see keep_sealed().
  std::optional<time_point> keep_until_;
  flip_doubt flips_;
  link_doubt removed_links_;
  removal_list removals_;
  /// The owner that the removal which is out hands on to the root.
  std::optional<tree_entry> removal_owner_;
  room room_ = room::enough;
  /// The root as last pushed, and as last acknowledged.
  tree_entry pushed_root_;
  tree_entry root_;
  root_state root_state_ = root_state::known;
  std::optional<generation> acked_;
  std::string live_name_;
  std::set<std::string> wanted_links_;
  std::vector<std::string> landmarks_;
  skipped_list skipped_;
  std::vector<std::string> doubtful_;
};

} // namespace fsshare
