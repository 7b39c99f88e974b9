// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare::test {

/// What can be spoilt on purpose: each makes a check of its own fail.
enum class tampering : std::uint8_t {
  nothing,
  /// A byte is added to a key in a guest directory.
  file,
  /// A nested key appears at the top of a guest directory too.
  key,
  /// A guest directory gets a link that leads nowhere.
  link,
  /// A guest directory gets a generation that the host no longer has.
  generation,
  /// The watcher is stopped before the last rotation.
  watcher,
  /// A file stays below the share root.
  share,
};

/// Returns the words for all but `nothing`.
std::vector<std::string> tampering_names();

/// @returns `nothing` for other words.
tampering parse_tampering(const std::string& word);

/// Spoils a guest directory. Does nothing for those that are not about one.
/// @param nested_key Path of a key that lies in a directory.
void tamper_with_copy(tampering what, const std::string& guest_dir,
                      const std::string& nested_key);

} // namespace fsshare::test
