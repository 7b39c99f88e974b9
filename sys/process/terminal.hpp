// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

namespace fsshare {

/// Of a terminal, in characters.
struct terminal_room {
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// Returns how large the terminal is that standard output is; nothing where it
/// is none, or where nobody knows its size.
std::optional<terminal_room> terminal_of_output();

} // namespace fsshare
