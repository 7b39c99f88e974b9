// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Returns the CRC-32C (Castagnoli, as in RFC 3720) of `text`.
std::uint32_t crc32c(std::string_view text);

/// Returns a line of a state file, with its newline:
/// `{"crc":"8 hex digits","record":JSON}`. The checksum is that of the JSON.
/// @param json One object, without a newline.
std::string journal_line(std::string_view json);

/// What is in a state file.
struct journal_lines {
  /// The JSON of each line, in `text`.
  std::vector<std::string_view> records;
  /// The last line has no end: the process ended while it was written. It is
  /// left out, and nothing may be appended to it.
  bool is_torn = false;
};

/// Takes a state file apart.
/// @param text Outlives the result.
/// @returns `errc::data_loss` with the number of the first line that is
///          damaged, never with what it says.
result<journal_lines> split_journal(std::string_view text);

} // namespace fsshare
