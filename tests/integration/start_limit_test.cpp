// SPDX-License-Identifier: Apache-2.0
#include "sys/process/end_signals.hpp"
#include "sys/unique_fd.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

struct child_end {
  int exit_code = -1;
  std::string errors;
};

child_end run_in_child(const std::function<void()>& what) {
  std::array<int, 2> fds{};
  REQUIRE(::pipe2(fds.data(), O_CLOEXEC) == 0);
  const unique_fd out{fds[0]};
  unique_fd in{fds[1]};
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(in.get(), STDERR_FILENO);
    what();
    ::_exit(77);
  }
  in.reset();
  child_end end;
  std::array<char, 512> room{};
  for (;;) {
    const auto n = ::read(out.get(), room.data(), room.size());
    if (n <= 0)
      break;
    end.errors.append(room.data(), static_cast<std::size_t>(n));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status))
    end.exit_code = WEXITSTATUS(status);
  return end;
}

} // namespace

TEST_SUITE_BEGIN("sys/process/end_signals");

TEST_CASE(
  "a start that hangs ends with a sentence, one that is done does not") {
  const auto hung = run_in_child([] {
    const start_limit limit{20ms};
    for (;;)
      ::pause();
  });
  CHECK(hung.exit_code == 1);
  CHECK_MESSAGE(hung.errors.find("start: not done in time")
                  != std::string::npos,
                hung.errors);
  const auto done = run_in_child([] {
    { const start_limit limit{20ms}; }
    ::usleep(100'000);
  });
  CHECK(done.exit_code == 77);
  CHECK(done.errors.empty());
}

TEST_CASE("a second signal ends an end that hangs at once") {
  const auto again = run_in_child([] {
    const end_signals signals;
    ::kill(::getpid(), SIGTERM);
    if (signals.wait().number != SIGTERM)
      return;
    end_signals::limit_end(1h);
    ::kill(::getpid(), SIGINT);
    for (;;)
      ::pause();
  });
  CHECK(again.exit_code == 1);
  CHECK_MESSAGE(again.errors.find("a second signal") != std::string::npos,
                again.errors);
  const auto alone = run_in_child([] {
    const end_signals signals;
    ::kill(::getpid(), SIGTERM);
    if (signals.wait().number != SIGTERM)
      return;
    end_signals::limit_end(20ms);
    for (;;)
      ::pause();
  });
  CHECK(alone.exit_code == 1);
  CHECK_MESSAGE(alone.errors.find("shutdown.grace") != std::string::npos,
                alone.errors);
}

TEST_CASE("a signal is waited for no longer than the limit") {
  const auto end = run_in_child([] {
    const end_signals signals;
    if (signals.wait_for(1ms))
      return;
    ::kill(::getpid(), SIGTERM);
    if (!signals.wait_for(1h))
      return;
    ::_exit(0);
  });
  CHECK(end.exit_code == 0);
}

TEST_SUITE_END();
