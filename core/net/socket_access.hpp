// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace fsshare {

/// Who can connect to a socket file, by its permissions.
struct socket_access {
  unsigned mode = 0600;
  /// Its owner; whoever makes it if empty.
  std::optional<std::uint32_t> owner;

  friend bool operator==(const socket_access&, const socket_access&) = default;
};

/// Returns the least permissions with which all allowed users can connect
/// (connect(2) asks for write permission): root and `own` always can; one more
/// user owns the file; for several it is open to all, and who connects is told
/// by the kernel and checked (SO_PEERCRED, unix(7)), as always.
socket_access access_for(const std::vector<std::uint32_t>& allowed,
                         std::uint32_t own);

} // namespace fsshare
