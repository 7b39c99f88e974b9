// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

namespace fsshare::test {

/// Runs `scenario` in a thread in which system calls fail, as below a seccomp
/// filter that does not know them; programs that it starts inherit that. Ends
/// with the scenario.
/// @param numbers SYS_... of this machine.
/// @param error errno of the calls.
void run_with_denied(const std::vector<int>& numbers, int error,
                     const std::function<void()>& scenario);

} // namespace fsshare::test
