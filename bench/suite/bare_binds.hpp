// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fsshare::bench {

/// Binds each file read-only into a directory, with the fewest system calls and
/// nothing between. Throws what it cannot do.
void bind_bare(const std::vector<std::string>& files, const std::string& dir);

/// Takes the same away again.
void unbind_bare(const std::vector<std::string>& files, const std::string& dir);

/// Makes a directory as that of a sandbox with a shared filesystem is: one for
/// mounts, and a read-only one where what is mounted there appears. Throws what
/// it cannot do.
void make_bare_sandbox(const std::string& dir);

/// Takes the same away again.
void remove_bare_sandbox(const std::string& dir);

} // namespace fsshare::bench
