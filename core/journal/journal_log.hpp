// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/journal_record.hpp"

#include <cstddef>

namespace fsshare {

/// One state file: what it comes to, and how the next record gets into it. A
/// record is appended, at a cost that does not depend on what else is there.
/// The file is written anew where that cannot be, and where what was appended
/// has outgrown what it began with.
class journal_log {
public:
  /// Of a sandbox without a file.
  journal_log() = default;

  /// Of a file that was read.
  /// @param is_whole Whether a record may be appended to it.
  journal_log(recorded_sandbox sandbox, std::size_t size, bool is_whole);

  const recorded_sandbox& sandbox() const {
    return sandbox_;
  }

  /// Takes a record in.
  /// @returns whether the file lacks something now.
  bool take(const journal_record& record);

  /// Whether a record may be appended; otherwise the file is to be written
  /// anew.
  bool is_whole() const {
    return is_whole_;
  }
  /// Whether the file is to be written anew, which need not be at once.
  bool has_outgrown() const;
  /// Whether the file lacks something.
  bool is_behind() const {
    return is_behind_;
  }

  /// Tells that the last record was appended.
  void appended(std::size_t size);
  /// Tells that the file was written anew, in that many bytes.
  void rewritten(std::size_t size);
  /// Tells that neither was possible; there is no telling what the file ends
  /// with.
  void failed();

private:
  recorded_sandbox sandbox_;
  std::size_t written_bytes_ = 0;
  std::size_t appended_bytes_ = 0;
  bool is_whole_ = false;
  bool is_behind_ = false;
};

} // namespace fsshare
