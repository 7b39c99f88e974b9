// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"
#include "core/pacing.hpp"
#include "core/result.hpp"
#include "core/volume/known_volume.hpp"
#include "core/volume/volume_hint.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace fsshare {

/// What a comparison of the volume on the disk found.
struct volume_look {
  /// What `..data` names.
  std::string name;
  /// As in `generation`; only if it was asked for.
  std::optional<std::uint64_t> digest;
};

/// What to do next about a volume on the host; one request is out at a time.
enum class volume_request : std::uint8_t {
  watch,
  look,
  look_closely,
  read,
  /// It is gone: watch a directory above it, to be told when it is back.
  await,
};

/// The host's side of one volume: which generation it has, how sure that is,
/// and what to do to find out.
class host_volume {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    /// A volume whose watch could not be placed is compared this often.
    std::chrono::nanoseconds poll_interval = std::chrono::seconds{1};
    /// Kubelets up to 1.26 set owner and mode entry by entry after the flip.
    std::chrono::nanoseconds attribute_quiet = pacing::attribute_quiet;
    /// What was superseded or vanished at each try for so long is shown.
    std::chrono::nanoseconds unreadable_shown = pacing::unreadable_shown;
    /// And for so long, is not waited for any more.
    std::chrono::nanoseconds unreadable_fails = pacing::unreadable_fails;
    /// Of the jitter of retries.
    std::uint32_t seed = 1;
  };

  explicit host_volume(settings s);

  /// Notes that something may have changed.
  void hint(volume_hint what, time_point now);

  /// A copy has what was read last. What was published meanwhile has its own
  /// event: a look costs little and needs none. One does for all copies of a
  /// rotation, and stands in no next one's way.
  void look_later(time_point now);

  /// Asks for the contents of the current generation.
  void want_snapshot();

  /// Lets go of the contents.
  void release_snapshot();

  /// Returns the next request, if one is due and none is out.
  std::optional<volume_request> next(time_point now);

  /// The answers to the requests.
  /// @param placed The directory that is watched.
  /// @returns whether this differs from what was known of the watch; the first
  ///          success does not.
  bool watched(const result<directory_id>& placed, time_point now);
  void awaited(const status& placed);
  void looked(const result<volume_look>& seen, time_point now);
  void read(const result<volume_snapshot_ptr>& got, time_point now);

  /// Returns what it is known to be like, unless something is to be done or
  /// found out about it anyway.
  std::optional<known_volume> known(const std::string& path) const;

  /// Returns when next() may have something new to say, apart from answers and
  /// hints.
  std::optional<time_point> next_due() const;

  /// The generation that was read last.
  const std::optional<generation>& current() const {
    return current_;
  }
  /// Its contents; null after release_snapshot().
  const volume_snapshot_ptr& snapshot() const {
    return snapshot_;
  }
  /// When the first hint of the current generation, of no other, arrived.
  time_point changed_at() const {
    return changed_at_;
  }
  /// Number of times that a generation was read whole.
  std::uint64_t reads() const {
    return reads_;
  }
  /// Memory of the contents that were read last, about; 0 before.
  std::uint64_t memory_bytes() const {
    return memory_bytes_;
  }
  bool is_watched() const {
    return watched_.has_value();
  }
  /// Whether it is compared often because it cannot be watched; not when its
  /// directory is gone.
  bool is_polled() const {
    return !is_watched() && watch_error_
           && watch_error_->code != errc::not_found;
  }
  /// Whether its directory is gone; it is found when it comes back, by a sweep
  /// at the latest.
  bool is_missing() const {
    return is_missing_;
  }
  /// Why the volume could not be watched; stays until it can.
  const std::optional<error>& watch_error() const {
    return watch_error_;
  }
  /// Why the volume could not be looked at or read. Superseded reads are no
  /// errors before settings::unreadable_shown.
  const std::optional<error>& last_error() const {
    return last_error_;
  }

  /// Why nobody should wait any longer for contents that are superseded or
  /// vanish at each try, if so.
  const std::optional<error>& hopeless() const {
    return hopeless_;
  }

  /// Counts the looks and reads that were begun.
  std::uint64_t begun() const {
    return begun_;
  }
  /// The last of them, by that count, whose answer current() agrees with.
  std::uint64_t confirmed() const {
    return confirmed_;
  }
  /// Counts how often current() has changed.
  std::uint64_t sequence() const {
    return sequence_;
  }
  /// Since when a request has been out, unless none is.
  const std::optional<time_point>& asked_at() const {
    return asked_at_;
  }
  /// Since when the host may have something newer that could not be read, for
  /// the reason of last_error(). Nothing for a volume that is gone.
  const std::optional<time_point>& unread_since() const {
    return unread_since_;
  }

private:
  void suspect(time_point now);
  void notice(time_point at);
  std::optional<volume_request> decide(time_point now);
  std::optional<volume_request> begin(volume_request what);
  void answered();
  void agreed();
  void expect_watch();
  void retry_read(const error& err, time_point now);
  void missed(const error& err);
  void superseded(const error& err, time_point now);
  void unread(const error& err, time_point now);

  settings settings_;
  backoff superseded_retry_;
  backoff failed_retry_;
  backoff shape_retry_;
  std::uint64_t reads_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t sequence_ = 0;
  bool out_ = false;
  std::optional<time_point> asked_at_;
  bool need_watch_ = true;
  bool need_look_ = false;
  bool need_close_look_ = false;
  bool need_read_ = true;
  bool reading_ = false;
  /// The directory that is watched.
  std::optional<directory_id> watched_;
  /// Its directory is gone: there is nothing to do before it is back.
  bool is_missing_ = false;
  bool need_await_ = false;
  bool watch_before_retry_ = false;
  /// A directory above it is watched.
  bool is_awaited_ = false;
  unsigned polls_ = 0;
  std::optional<time_point> read_at_;
  std::optional<time_point> attributes_at_;
  std::optional<time_point> poll_at_;
  std::optional<time_point> look_at_;
  /// The first hint that no answer agrees with yet.
  std::optional<time_point> suspected_at_;
  /// The first hint of what will be found next: later than the one above where
  /// several generations were published.
  std::optional<time_point> noticed_at_;
  /// The same of the look or read that is out.
  std::optional<time_point> asked_for_;
  /// The last event of modes and owners that was not looked into yet.
  std::optional<time_point> touched_at_;
  /// Since when every read was superseded.
  std::optional<time_point> superseded_since_;
  std::optional<error> hopeless_;
  std::optional<time_point> unread_since_;
  time_point changed_at_;
  std::optional<generation> current_;
  volume_snapshot_ptr snapshot_;
  std::optional<error> watch_error_;
  std::optional<error> last_error_;
};

} // namespace fsshare
