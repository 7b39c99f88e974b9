// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/vectors/recorded_case.hpp"

#include <string>
#include <vector>

namespace fsshare::test {

/// Empties a directory and gives it back to us with 0755.
void reset_share(const std::string& root);

/// Makes entries below `root`; owners only if we are root.
void build_share(const std::string& root,
                 const std::vector<share_entry>& entries);

/// Returns all entries below `root`, sorted by path; files with their data.
std::vector<share_entry> list_share(const std::string& root);

/// Returns the entry of `root` itself, with an empty path.
share_entry look_at_root(const std::string& root);

enum class owners { compared, ignored };

/// Writes entries one per line, so that a failed comparison can be read. Long
/// contents appear as their SHA-256.
std::string describe(const std::vector<share_entry>& entries, owners how);

} // namespace fsshare::test
