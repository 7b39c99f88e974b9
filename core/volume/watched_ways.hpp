// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// Ways to watched volumes, in their order: the path without symlinks, as the
/// mount table has it, and the one by which the volume is watched.
using volume_ways = std::vector<std::pair<std::string, std::string>>;

/// Tells whose volumes may be other directories since something was mounted or
/// unmounted on the way to them, which no watch tells of. It is given a mark
/// for each way, which changes with what is mounted there.
class watched_ways {
public:
  /// Notes by which way a watched path leads to its directory. Idempotent; what
  /// is mounted on a new way is not known until the next look.
  void put(const std::string& path, std::string way);

  /// Forgets a path. Idempotent.
  void remove(const std::string& path);

  bool empty() const {
    return way_of_.empty();
  }

  /// Returns all ways, for a look at what is mounted on them; made once for
  /// several looks between which nothing changes. Not null.
  std::shared_ptr<const volume_ways> all();

  /// Notes what a look has found: paths of which a mark has changed since their
  /// watch was placed, or may have, are due.
  /// @param seen As from all().
  /// @param marks One for each of them, in their order.
  void looked(const volume_ways& seen, const std::vector<std::uint64_t>& marks);

  /// Returns some of the paths that are due, `most` at a time; each once.
  std::vector<std::string> take_due(std::size_t most);

  bool has_due() const {
    return !due_.empty();
  }

private:
  struct watched_way {
    std::string way;
    /// Of the last look.
    std::optional<std::uint64_t> mark = std::nullopt;
  };

  std::map<std::string, watched_way> way_of_;
  std::set<std::string> due_;
  /// Null where it has to be made anew.
  std::shared_ptr<const volume_ways> all_;
};

} // namespace fsshare
