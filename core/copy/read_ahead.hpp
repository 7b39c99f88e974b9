// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/byte_lease.hpp"
#include "core/copy/chunk_read.hpp"
#include "core/copy/guest_job.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace fsshare {

/// Small files of a tree that are read before their requests are handed out,
/// several in one read: what a read costs beside its file is more than a small
/// file itself.
///
/// One per job, owned by whoever sends its requests. Passive. One read is out
/// at a time.
class read_ahead {
public:
  /// Of one read.
  static constexpr std::size_t most_files = 16;
  static constexpr std::uint64_t most_bytes = std::uint64_t{256} << 10;

  /// What is to be read next.
  struct batch {
    std::vector<std::uint32_t> steps;
    /// Of each step.
    std::vector<small_file> files;
    /// What they take.
    std::uint64_t bytes = 0;
  };

  /// A file that was read.
  struct file_found {
    result<chunk_read> what;
    /// In which its bytes are held.
    byte_lease_ptr memory;
  };

  /// Returns what is to be read now: nothing while a read is out, or as long
  /// as the next file and half of what one read brings are there.
  batch wants(const guest_job& job) const;

  /// Notes that a batch is being read.
  /// @returns the turn that its end names.
  std::uint64_t begun(const batch& files, byte_lease_ptr memory);

  /// Notes the end of a read: what was found, or why nothing was, which is then
  /// said of each file.
  /// @returns false where clear() has come between, which changes nothing.
  bool ended(std::uint64_t turn, result<found_files> found);

  /// Returns what was found of a file, once.
  std::optional<file_found> take(std::uint32_t step);

  /// Forgets what was read and what is being read.
  void clear();

private:
  struct file_there {
    file_found found;
    std::uint64_t bytes = 0;
  };

  bool is_enough(std::uint32_t next) const;

  std::map<std::uint32_t, file_there> there_;
  /// Of those that are there.
  std::uint64_t bytes_ = 0;
  /// The read that is out.
  batch reading_;
  byte_lease_ptr memory_;
  std::uint64_t turn_ = 0;
};

} // namespace fsshare
