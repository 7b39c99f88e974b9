// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/host_facts.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>

namespace fsshare {

/// Returns the node agent that listens on a unix socket, as the kernel noted it
/// when it began to (SO_PEERCRED, unix(7)); 0 where none does, it cannot be
/// told, or a service manager has lent it the socket. Never waits.
/// @param socket A path, or `@` and an abstract name.
int listener_of(const std::string& socket);

/// Looks at a process.
/// @param node_agent 0 for this one.
process_facts look_at_process(int node_agent);

/// Counts the inotify instances and watches of a user, which the kernel counts
/// for all processes together.
struct inotify_use {
  result<std::uint64_t> instances;
  result<std::uint64_t> watches;
};
inotify_use count_inotify(std::uint32_t uid);

/// Reads the first number of a file of /proc, or another one.
/// @param index 0 is the first.
result<std::uint64_t> read_number(const std::string& path,
                                  std::size_t index = 0);

} // namespace fsshare
