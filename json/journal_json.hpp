// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/journal_record.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>

namespace fsshare {

/// The form of state files; docs/journal-format.md says what each member is.

/// Returns the line that a state file begins with.
std::string render_journal_head(const journal_head& head);

/// Returns the line of a record.
std::string render_journal_record(const journal_record& record);

/// Returns the line of a record that comes after others: of what is large and
/// recorded again and again, what differs.
/// @param before What those come to.
std::string render_journal_record(const journal_record& record,
                                  const recorded_sandbox& before);

/// Returns a whole state file.
std::string render_journal(const journal_head& head,
                           const recorded_sandbox& sandbox);

/// A state file that was read.
struct read_journal {
  journal_head head;
  recorded_sandbox sandbox;
  /// False where its last line has no end, which is left out, where records of
  /// a later minor version were passed over, and where its own is an earlier
  /// one: it is to be written anew before anything is appended.
  bool is_whole = true;
};

/// Reads a state file.
/// @returns `errc::unimplemented` for another format, `errc::data_loss` with
///          the number of the line for what is damaged. Never quotes the file.
result<read_journal> parse_journal(std::string_view text);

/// Reads a state file that a node agent may go on with.
/// @param sandbox_id That its name says.
/// @param boot_id,share_root Of that node agent.
/// @returns as parse_journal(), and `errc::failed_precondition` for one of
///          another boot, share root or sandbox.
result<read_journal> parse_journal_of(std::string_view text,
                                      const std::string& sandbox_id,
                                      const std::string& boot_id,
                                      const std::string& share_root);

} // namespace fsshare
