// SPDX-License-Identifier: Apache-2.0
#include "sys/process/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace fsshare {

std::optional<terminal_room> terminal_of_output() {
  // ioctl_tty(2); it fails for what is no terminal.
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0
      || size.ws_col == 0)
    return std::nullopt;
  return terminal_room{size.ws_row, size.ws_col};
}

} // namespace fsshare
