// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/leftover_page.hpp"
#include "core/copy/ranked.hpp"
#include "core/pacing.hpp"
#include "core/volume/destination_agenda.hpp"
#include "core/volume/guest_copy.hpp"
#include "core/volume/host_volume.hpp"
#include "core/volume/table_action.hpp"
#include "core/volume/volume_counts.hpp"
#include "core/volume/volume_cursor.hpp"
#include "core/volume/volume_status.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// One guest copy that shall follow one volume.
struct destination_spec {
  std::string sandbox_id;
  std::string container_id;
  /// Unique within the sandbox.
  std::string share_id;
  /// Absolute host path of the volume.
  std::string volume;
  /// Absolute guest path of the copy.
  std::string guest_root;
  /// Whether the volume had no generation yet, so that it was copied as it was.
  /// No first copy is waited for then: the destination follows when there is
  /// something to follow.
  bool has_tree = false;
  /// What was written down of the copy that this goes on with; null for a new
  /// one. What the guest has of it is not known before guest_up().
  std::shared_ptr<const guest_record> before = nullptr;
  /// What people call the container and the sandbox; null for nothing.
  std::string container_name = {};
  std::shared_ptr<const label_map> labels = nullptr;
};

/// The srcDstMap: volumes on the host, and the guest copies that follow them.
///
/// Whatever happens is told to it with the time; advance() then says what to
/// do. It trusts no event: each only makes it compare.
class destination_table {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    guest_copy::settings copies;
    host_volume::settings volumes;
    std::chrono::nanoseconds sweep_interval = std::chrono::seconds{30};
    /// How long remove() tries to clean the guest.
    std::chrono::nanoseconds leave_timeout = std::chrono::seconds{60};
    std::uint32_t seed = 1;
  };

  explicit destination_table(settings s);

  /// Adds a destination; answered by first_copy_outcome, with an error also by
  /// its end.
  destination_id add(destination_spec spec, time_point now);

  /// Waits until a destination, whose first copy may still run, has the
  /// generation that the host has at `now`, or a newer one; answered by
  /// current_reached. Fails with the next push or read that fails, and with the
  /// destination. Unknown ids are ABORTED.
  /// @param waiter names this call in the answer.
  void await_current(destination_id id, std::uint64_t waiter, time_point now);

  /// Ends a destination: a running copy is stopped, add() is answered ABORTED
  /// if it was not, the guest copy is removed by best effort. Answered by
  /// destination_left. Unknown ids are ignored.
  void remove(destination_id id, time_point now);

  /// Ends all destinations of a sandbox whose guest is gone: nothing is sent.
  /// Unanswered add() and remove() are answered.
  void forget_sandbox(const std::string& sandbox_id);

  /// Stops and starts following the host for a sandbox. First copies are made
  /// all the same. Starting compares everything. Both are idempotent.
  void stop_following(const std::string& sandbox_id);
  void start_following(const std::string& sandbox_id, time_point now);

  /// Volumes are named by their paths; unknown ones are ignored.
  void hint(const std::string& path, volume_hint what, time_point now);
  /// A generation of that name was begun in a volume; see volume_hint::begun.
  void begun(const std::string& path, const std::string& generation);
  /// Events were lost: every volume is compared, a slice at a time.
  void hint_all(volume_hint what, time_point now);
  /// The guest of a sandbox can be reached again: retries need not wait.
  void guest_up(const std::string& sandbox_id, time_point now);
  /// The same, and it has lost all that it was sent.
  void guest_empty(const std::string& sandbox_id, time_point now);
  /// Its connection ended: until it is up no copy of it is known to be current.
  void guest_lost(const std::string& sandbox_id);

  /// @returns whether that is news, see host_volume::watched().
  bool watched(const volume_ticket& asked, const result<directory_id>& placed,
               time_point now);
  void awaited(const volume_ticket& asked, const status& placed);
  void looked(const volume_ticket& asked, const result<volume_look>& seen,
              time_point now);
  void read(const volume_ticket& asked, const result<volume_snapshot_ptr>& got,
            time_point now);
  /// @returns what went live by it.
  std::optional<generation_live>
  finished(destination_id id, const order_outcome& outcome, time_point now);

  /// Returns what has to be done now. Call it after every input and whenever
  /// next_due() has passed.
  std::vector<table_action> advance(time_point now);

  std::optional<time_point> next_due() const;

  /// Returns what is known about volumes and their destinations; of one sandbox
  /// unless the id is empty. Looks only at what it lists.
  /// @param after Where the page before has ended.
  /// @param room About as many bytes are listed, see listed_bytes(), but one
  ///        volume and one destination at least.
  volume_page describe(const std::string& sandbox_id,
                       const volume_cursor& after, std::size_t room,
                       time_point now) const;

  /// Counts all volumes and destinations.
  volume_counts count(time_point now) const;

  /// Returns the leftovers of the guest copies of a sandbox that come behind a
  /// path, as many as `most`. Looks only at what it lists.
  leftover_page leftovers(const std::string& sandbox_id,
                          const std::string& after, std::size_t most) const;

  /// Returns how many tries have failed in a row; nothing if the
  /// destination is not known.
  std::optional<unsigned> failures(destination_id id) const;

  /// Returns in how long what has failed of a destination is tried again;
  /// nothing while something is tried, and if it is not known.
  std::optional<std::chrono::nanoseconds> next_try(destination_id id,
                                                   time_point now) const;

  /// Returns what is to be written down of a destination; nothing if it is not
  /// known.
  std::optional<guest_record> record(destination_id id) const;

  /// The same of the push that is out, beside what was written down before;
  /// nothing if none is, or where that is not enough.
  std::optional<push_record> push_out_record(destination_id id) const;

  /// What is to be written down before a push that is expected goes out; see
  /// guest_copy::next_push_record().
  struct expected_push {
    destination_id id = 0;
    push_record record;
  };
  /// Returns that for each destination of a volume, for the generation that was
  /// begun last. Nothing for more than pacing::most_expected_pushes of them: it
  /// would take longer than to read the volume.
  std::vector<expected_push> expect(const std::string& path,
                                    time_point now) const;

  std::size_t volumes() const {
    return volumes_.size();
  }
  /// Number of volumes that are polled because they cannot be watched.
  std::size_t polled() const;
  std::size_t destinations() const {
    return volume_of_.size();
  }
  /// How many destinations advance() has looked at, all in all.
  std::uint64_t looked_at() const {
    return looked_at_;
  }

  /// Volumes that a sweep has compared at a time: what happens to others
  /// meanwhile waits for the requests of so many.
  static constexpr std::size_t sweep_slice = pacing::sweep_slice;

private:
  /// A sweep that has not come to every volume yet.
  struct running_sweep {
    volume_hint what = volume_hint::compare;
    /// The last volume that it came to, in the order of paths.
    std::string after;
    /// How many volumes are left.
    std::size_t left = 0;
    time_point next_at;
    std::chrono::nanoseconds pause{0};
  };
  struct waiting_caller {
    std::uint64_t waiter = 0;
    /// The last request about the volume that was made before.
    std::uint64_t ticket = 0;
    /// The look at the host that counts is a later one.
    std::uint64_t after = 0;
    /// What the host had by then; see host_volume::sequence().
    std::optional<std::uint64_t> wanted = std::nullopt;
  };
  /// The life of a destination:
  ///
  /// | State | What happens | Next |
  /// |---|---|---|
  /// | making | the first copy is whole, which answers add() | following |
  /// | | it fails | failing |
  /// | making, which answers add(), following, failing | remove() | removing |
  /// | failing, removing | the guest copy is gone, or its time is over: answers
  /// add() or remove() | (forgotten) |
  struct making {};
  struct following {};
  /// What its end waits for: that the guest copy is removed, until a point in
  /// time.
  struct departure {
    error why;
    time_point by;
  };
  struct failing {
    departure end;
    /// What may be done about it.
    enum class cure : std::uint8_t { none, other_root };
    cure by = cure::none;
  };
  struct removing {
    departure end;
  };
  using life = std::variant<making, following, failing, removing>;

  /// What is known of a guest: it may have lost all since it was last reached.
  enum class guest_view : std::uint8_t { known, unsure };

  struct push_out {
    generation host;
    enum class stop : std::uint8_t { none, asked_for };
    stop superseding = stop::none;
  };
  /// How many leftovers a guest copy has.
  struct leftover_count {
    std::size_t at_root = 0;
    std::size_t below_root = 0;

    friend bool operator==(const leftover_count&, const leftover_count&)
      = default;
  };
  struct destination {
    destination_spec spec;
    guest_copy copy;
    /// The last request about a volume that was made before it.
    std::uint64_t ticket = 0;
    life phase = making{};
    guest_view guest = guest_view::known;
    std::optional<push_out> pushing = std::nullopt;
    /// The last push, and the host's count of what it brings.
    std::optional<generation> pushed = std::nullopt;
    std::uint64_t pushed_sequence = 0;
    /// And when the first hint of that came.
    time_point pushed_changed_at{};
    /// The host's count of what the guest has.
    std::uint64_t live_sequence = 0;
    std::vector<waiting_caller> waiting = {};
    std::optional<time_point> stale_since = std::nullopt;
    std::chrono::nanoseconds last_lag{0};
    /// As it is listed.
    leftover_count listed_leftovers = {};

    template <class Phase>
    bool is() const {
      return std::holds_alternative<Phase>(phase);
    }
    /// Null unless it ends.
    const departure* end() const {
      if (const auto* fails = std::get_if<failing>(&phase))
        return &fails->end;
      const auto* goes = std::get_if<removing>(&phase);
      return goes != nullptr ? &goes->end : nullptr;
    }
  };
  struct volume {
    host_volume host;
    std::map<destination_id, destination> destinations = {};
    destination_agenda agenda = {};
    /// What a copy of the generation that was read last has not.
    std::vector<std::string> notes = {};
    std::optional<time_point> due = std::nullopt;
    /// The generation that was begun last; empty where that is not known.
    std::string begun = {};
    /// Of the request that is out; 0 is none.
    std::uint64_t ticket = 0;
  };

  /// What is listed of a sandbox, or of all, in the order of listing.
  struct listing {
    /// By path.
    ranked_map<std::string, ranked_set<destination_id>> volumes;
    /// How many leftovers copies have, by where these lie: at their root, or
    /// below it, which is the root with a slash. As callers see it.
    summed_map<std::pair<std::string, destination_id>> leftovers;
  };

  volume* find(const std::string& path);
  const destination* find(destination_id id) const;
  volume* answered(const volume_ticket& asked);
  destination* find(destination_id id);
  /// Returns the destinations of a sandbox by their volumes: a copy, since
  /// callers change them.
  std::map<std::string, std::vector<destination_id>>
  copies_of(const std::string& sandbox_id) const;
  void forget(destination_id id, const destination& d);
  void drop(destination_id id, volume& v);
  void forget(const std::string& path, const volume& v);
  void list(destination_id id, const destination& d);
  void note_leftovers(destination_id id, destination& d);
  volume_status describe(const std::string& path, const volume& v,
                         time_point now) const;
  void touch(const std::string& path);
  void touch(destination_id id, const destination& d);
  void begin_sweep(volume_hint what, time_point now,
                   std::chrono::nanoseconds within);
  void sweep_on(time_point now);
  void sweep(const std::string& path, volume& v, check_volumes& calm,
             time_point now);
  void set_due(const std::string& path, volume& v);
  void step(const std::string& path, volume& v, time_point now);
  void step_host(const std::string& path, volume& v,
                 const std::vector<destination_id>& touched, time_point now);
  bool step_and_answer(destination_id id, destination& d, volume& v,
                       time_point now);
  void step_destination(destination_id id, destination& d, volume& v,
                        time_point now);
  void supersede(destination_id id, destination& d, const volume& v);
  void fail_first(destination& d, const error& why, time_point now,
                  failing::cure by = failing::cure::none);
  void fail_first_copies(volume& v, const volume_ticket& asked,
                         const error& why, time_point now);
  void answer_first(destination_id id, destination& d, time_point now);
  bool answer_gone(destination_id id, destination& d, time_point now);
  void answer_waiting(destination& d, const volume& v, time_point now);
  void fail_waiting(destination& d, const error& why);
  static std::optional<generation_live>
  note_live(destination& d, const volume& v, time_point now);
  static bool is_current(const destination& d, const volume& v, time_point now);
  static std::chrono::nanoseconds stale_for(const destination& d,
                                            const volume& v, time_point now);
  static std::optional<std::chrono::nanoseconds>
  next_try(const destination& d, const volume& v, time_point now);
  bool follows(const destination& d) const;
  destination_agenda::wishes wishes_of(const destination& d, const volume& v,
                                       time_point now) const;
  void tell_copies(const std::string& sandbox_id,
                   const std::function<void(destination&)>& what);
  destination_status describe(destination_id id, const destination& d,
                              const volume& v, time_point now) const;
  std::string why_stale(const destination& d, const volume& v,
                        time_point now) const;

  settings settings_;
  std::uint32_t seeds_;
  destination_id next_id_ = 1;
  std::uint64_t last_ticket_ = 0;
  std::map<std::string, volume> volumes_;
  std::map<destination_id, std::string> volume_of_;
  listing all_;
  std::map<std::string, listing> of_sandbox_;
  std::set<std::string> not_following_;
  std::set<std::string> touched_;
  std::set<std::pair<time_point, std::string>> due_;
  std::vector<table_action> actions_;
  std::optional<time_point> sweep_at_;
  std::optional<running_sweep> sweep_;
  unsigned sweeps_ = 0;
  std::uint64_t looked_at_ = 0;
};

} // namespace fsshare
