// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace fsshare {

/// Returns what the files of a tree take in a guest's memory: whole pages of
/// 4 KiB each.
std::uint64_t guest_memory_of(const tree_snapshot& tree);

/// The same of a file of that many bytes.
std::uint64_t guest_memory_of(std::uint64_t file_bytes);

/// How much of one guest's memory the copies of its sandbox take, by guest
/// path. Room is taken before anything is sent and given back when what stands
/// there was removed, or was never sent: what is left in the guest counts.
class guest_budget {
public:
  /// @param limit in bytes; 0 is none.
  /// @param reason Where it comes from, for sentences; a literal.
  explicit guest_budget(std::uint64_t limit,
                        const char* reason = "copy.limits.sandbox_bytes")
    : limit_(limit), reason_(reason) {
  }

  /// Takes room of `size` bytes for what is to be made at `path`, instead of
  /// what the same path had; what stands below it has room of its own.
  /// @returns `errc::resource_exhausted` with the numbers when there is not
  ///          enough; nothing is changed then.
  status reserve(const std::string& path, std::uint64_t size);

  /// Notes room that was taken before this was there, whatever the limit.
  void restore(const std::string& path, std::uint64_t size);

  /// Gives back the room of `path` alone, where nothing was made.
  void cancel(const std::string& path);

  /// Gives back the room of `path` and of all below it, which are gone.
  void release(const std::string& path);

  /// Returns whether room has become free since a reserve() failed; only once.
  bool take_relief();

  std::uint64_t held() const {
    return held_;
  }
  std::uint64_t limit() const {
    return limit_;
  }

private:
  using entry = std::map<std::string, std::uint64_t>::iterator;

  entry give_back(entry at);

  std::uint64_t limit_;
  const char* reason_;
  std::uint64_t held_ = 0;
  std::map<std::string, std::uint64_t> by_path_;
  bool refused_ = false;
  bool relieved_ = false;
};

} // namespace fsshare
