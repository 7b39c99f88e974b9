// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/rotator.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::churn {

/// Returns what a volume holds in its generation of that number: every file
/// tells the number, its own path, its size and how many files there are. Paths
/// differ from generation to generation but for steady_keys().
test::payload stamped_payload(std::uint64_t number);

/// Returns the paths that every generation has.
const std::vector<std::string>& steady_keys();

/// What a file of such a volume tells.
struct stamp {
  std::uint64_t number = 0;
  std::uint64_t files = 0;
};

/// Reads the content of the file at `path`.
/// @returns nothing if it is cut off, too long or another file's.
std::optional<stamp> read_stamp(const std::string& path,
                                const std::string& content);

} // namespace fsshare::churn
