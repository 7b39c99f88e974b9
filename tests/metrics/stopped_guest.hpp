// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/guest_process.hpp"

#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <system_error>

namespace fsshare::test {

/// Stops a guest, and returns when none of its threads answers any more; some
/// may after the signal was sent. SIGCONT has it go on.
inline void stop(guest_process& guest) {
  guest.process().signal(SIGSTOP);
  siginfo_t stopped{};
  if (::waitid(P_PID, static_cast<id_t>(guest.process().pid()), &stopped,
               WSTOPPED | WNOWAIT)
      != 0)
    throw std::system_error{errno, std::generic_category(), "waitid"};
}

} // namespace fsshare::test
