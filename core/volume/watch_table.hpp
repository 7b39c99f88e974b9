// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/inotify_decoder.hpp"
#include "core/volume/volume_hint.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

struct volume_event {
  /// The path as it was given to watch_table::add().
  std::string path;
  volume_hint hint = volume_hint::nothing;
  /// The name of what was begun; empty otherwise.
  std::string generation = {};

  friend bool operator==(const volume_event&, const volume_event&) = default;
};

/// What follows from one inotify event.
struct watch_outcome {
  /// One per path of the watch.
  std::vector<volume_event> events;
  /// Events were lost: every volume is to be compared.
  bool overflow = false;
  /// A watch that nobody needs any longer and the kernel still has.
  std::optional<int> obsolete;
};

/// Which path is watched by which watch descriptor. Several paths may share one
/// descriptor: inotify has one per inode, whatever the name.
class watch_table {
public:
  /// Notes that `path` is watched as `wd`. Idempotent. A path that was watched
  /// as another descriptor, because it named another directory then, moves.
  /// @returns the descriptor that is to be removed, if the path was the last
  ///          one of it.
  std::optional<int> add(const std::string& path, int wd);

  /// The same for a path that is not there: `wd` watches a directory above it,
  /// in which the entry `name` is awaited.
  std::optional<int> await(const std::string& path, int wd,
                           const std::string& name);

  /// Whether a path is awaited, not watched.
  bool is_awaited(const std::string& path) const;

  /// Forgets `path`; no event for it comes out afterwards. Idempotent.
  /// @returns the descriptor that is to be removed, if the path was the last
  ///          one of it.
  std::optional<int> remove(const std::string& path);

  /// Classifies an event. Events of unknown descriptors, which still come for a
  /// while after a removal, yield nothing. After `watch_lost` the paths are
  /// forgotten.
  watch_outcome handle(const inotify_event& event);

  /// Returns the descriptor by which `path` is watched.
  std::optional<int> find(const std::string& path) const;

  /// Returns whether any path is watched by a descriptor.
  bool is_watched(int wd) const {
    return paths_of_.contains(wd);
  }

  /// Notes that a watch is being placed, from before the kernel does it until
  /// placed(). Whoever places it is not who handles events.
  void placing();

  /// Notes that one is placed, or failed.
  /// @returns whether its descriptor, if it has one, is still a watch: false if
  ///          that ended while another was being placed, so that it has to be
  ///          placed again. The kernel gives out no descriptor twice before all
  ///          of them (fs/notify/inotify: idr_alloc_cyclic).
  bool placed(std::optional<int> wd);

  std::size_t path_count() const {
    return wd_of_.size();
  }
  std::size_t watch_count() const {
    return paths_of_.size();
  }

private:
  struct watched_path {
    int wd = 0;
    /// In the directory that is watched instead.
    std::optional<std::string> awaited = std::nullopt;
  };

  std::optional<int> put(const std::string& path, watched_path how);
  void note_end(int wd);

  std::map<std::string, watched_path> wd_of_;
  /// No set is empty.
  std::map<int, std::set<std::string>> paths_of_;
  /// Watches that are being placed, and what ended meanwhile.
  std::size_t placing_ = 0;
  std::set<int> ended_;
};

} // namespace fsshare
