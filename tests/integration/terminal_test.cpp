// SPDX-License-Identifier: Apache-2.0
#include "sys/process/terminal.hpp"
#include "sys/unique_fd.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace fsshare;

namespace {

/// What terminal_of_output() says where standard output is this.
std::optional<terminal_room> room_of(int output) {
  std::fflush(stdout);
  const unique_fd kept{::dup(STDOUT_FILENO)};
  REQUIRE(::dup2(output, STDOUT_FILENO) == STDOUT_FILENO);
  const auto room = terminal_of_output();
  REQUIRE(::dup2(kept.get(), STDOUT_FILENO) == STDOUT_FILENO);
  return room;
}

/// Both ends of a terminal of its own.
struct terminal {
  terminal() : keyboard(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(keyboard);
    REQUIRE(::unlockpt(keyboard.get()) == 0);
    screen.reset(
      ::ioctl(keyboard.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(screen);
  }
  void resize(unsigned short rows, unsigned short columns) const {
    const winsize size{rows, columns, 0, 0};
    REQUIRE(::ioctl(keyboard.get(), TIOCSWINSZ, &size) == 0);
  }

  unique_fd keyboard;
  unique_fd screen;
};

} // namespace

TEST_SUITE_BEGIN("sys/process/terminal");

TEST_CASE("a terminal tells its size, also after a change") {
  const terminal some;
  some.resize(24, 80);
  auto room = room_of(some.screen.get());
  REQUIRE(room);
  CHECK(room->rows == 24);
  CHECK(room->columns == 80);
  some.resize(50, 132);
  room = room_of(some.screen.get());
  REQUIRE(room);
  CHECK(room->rows == 50);
  CHECK(room->columns == 132);
}

TEST_CASE(
  "what is no terminal has no size, nor has one that does not know it") {
  const unique_fd nothing{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  CHECK_FALSE(room_of(nothing.get()));
  const terminal some;
  some.resize(0, 80);
  CHECK_FALSE(room_of(some.screen.get()));
  some.resize(24, 0);
  CHECK_FALSE(room_of(some.screen.get()));
}
