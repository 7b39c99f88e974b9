// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/empty_contents.hpp"
#include "core/copy/guest_profile.hpp"
#include "core/copy/leftover_list.hpp"
#include "core/copy/removal_list.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace fsshare {

/// What may stand in one guest's shared directory, by guest path: entered
/// before the request that makes it is sent, struck out when it was taken away.
/// So what takes a copy away again knows all that its requests may have made.
///
/// Where the guest agent removes nothing that is every entry, for each has to
/// be emptied by itself, and the plaintext that the guest agent may have
/// written beside a sealed secret. Where it does, single files are enough,
/// whose temporaries lie beside them.
class guest_inventory {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param share_dir guest path of the directory that holds all copies; empty
  ///        if it is not known.
  explicit guest_inventory(std::string share_dir = {})
    : share_dir_(std::move(share_dir)) {
  }

  /// Notes that a request of `step` is about to be sent. Idempotent.
  void begun(const copy_step& step, const guest_profile& guest);

  /// Notes a file that an earlier process has sent, or was about to, and that
  /// was not emptied.
  /// @param size the largest that was announced.
  void restore_file(const std::string& path, std::uint64_t size,
                    bool is_finished, bool is_sealed);

  /// Notes that something without contents may stand at `path`, made by an
  /// earlier process.
  void restore_name(const std::string& path) {
    entries_.try_emplace(path);
  }

  /// Notes that all of a step was acknowledged.
  void done(const copy_step& step);

  /// Forgets `path` and what is below it, which was removed.
  void removed(const std::string& path);

  /// Notes that nothing at or below `path` has contents any more, though names
  /// stay. The path itself is known as long as not too many follow it.
  void emptied(const std::string& path);

  /// So many paths without contents are known of each copy, and so many copies:
  /// more than are ever emptied once more.
  static constexpr std::size_t most_emptied
    = 2 * std::max(leftover_list::most_emptied, removal_list::most_emptied);

  /// Notes that a request of a step had no answer when its connection ended at
  /// `now`: it may happen at any time, whatever is removed meanwhile. So may
  /// one that removes something: it makes the directories that lead there, and
  /// what takes a temporary away makes a file.
  void unanswered(const copy_step& step, time_point now);

  /// Notes that an earlier process may have made anything in the copy that
  /// `path` is in, or is the root of: not all is known that is there.
  void left_before(const std::string& path);

  /// Returns whether `path` is the root of such a copy.
  bool is_left_before(const std::string& path) const {
    return left_before_.contains(path);
  }

  /// Returns when the latest request was lost that may make `path` again, or
  /// something below it; nothing if none was.
  std::optional<time_point> lost_at(const std::string& path) const;

  /// Returns whether `path` is that of a copy of a single file, or may be
  /// again.
  bool is_single_file(const std::string& path) const;

  /// Returns whether anything may be at or below `path`.
  bool has(const std::string& path) const;

  /// Returns what may be at and below `path`.
  guest_contents contents(const std::string& path) const;

  /// Returns whether a path names the root of a copy: it is directly in the
  /// shared directory.
  bool is_root(std::string_view path) const;

  const std::string& share_dir() const {
    return share_dir_;
  }
  std::size_t size() const {
    return entries_.size();
  }

private:
  struct entry {
    entry_type type = entry_type::directory;
    std::uint64_t longest = 0;
    bool is_finished = false;
    std::string target;
    bool is_sealed = false;
    /// Nothing there has contents.
    bool is_emptied = false;
  };

  /// What a request without an answer may make.
  struct straggler {
    entry made;
    time_point lost_at{};
  };
  using straggler_map = std::map<std::string, straggler, std::less<>>;

  bool leads_through_link(const std::string& path, const entry& link) const;
  void add_straggler(const std::string& path, const straggler& late);
  std::string place_of(const std::string& path) const;
  void note_emptied(const std::string& path);

  std::string share_dir_;
  std::map<std::string, entry, std::less<>> entries_;
  /// By what they make; the latest: older ones have happened by now, or never
  /// will.
  straggler_map stragglers_;
  /// Paths that were emptied, the latest last: by the root of their copy, and
  /// those of copies by the shared directory.
  std::map<std::string, std::deque<std::string>> emptied_;
  /// Roots of copies.
  std::set<std::string> left_before_;
};

} // namespace fsshare
