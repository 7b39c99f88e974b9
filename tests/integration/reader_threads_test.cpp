// SPDX-License-Identifier: Apache-2.0
#include "sys/process/reader_threads.hpp"

#include "sys/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <future>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

#ifdef __SANITIZE_THREAD__
constexpr bool has_processes = false;
#else
constexpr bool has_processes = true;
#endif

constexpr auto patience = 30s;

// Of the process that calls, not what libc remembers.
pid_t own_pid() {
  return static_cast<pid_t>(::syscall(SYS_getpid));
}

bool is_gone(pid_t pid) {
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (::kill(pid, 0) == 0) {
    if (std::chrono::steady_clock::now() > limit)
      return false;
    std::this_thread::sleep_for(5ms);
  }
  return errno == ESRCH;
}

template <class T>
T wait_for(std::future<T> what) {
  REQUIRE(what.wait_for(patience) == std::future_status::ready);
  return what.get();
}

} // namespace

TEST_SUITE_BEGIN("sys/process/reader_threads");

TEST_CASE("jobs of one reader are done in order, of several side by side, with "
          "our memory and descriptors") {
  reader_threads readers;
  std::promise<void> hold;
  const auto held = hold.get_future().share();
  std::promise<int> opened;
  REQUIRE(readers.run(0, [held] {
    held.wait();
  }));
  std::vector<int> order;
  std::promise<void> last;
  for (int n = 0; n < 100; ++n)
    REQUIRE(readers.run(0, [&order, &last, n] {
      order.push_back(n);
      if (n == 99)
        last.set_value();
    }));
  REQUIRE(readers.run(1, [&opened] {
    opened.set_value(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  }));
  const unique_fd file{wait_for(opened.get_future())};
  CHECK(::fcntl(file.get(), F_GETFD) >= 0);
  CHECK(order.empty());
  hold.set_value();
  wait_for(last.get_future());
  for (int n = 0; n < 100; ++n)
    CHECK(order[static_cast<std::size_t>(n)] == n);
}

TEST_CASE("a reader is a process of its own, and ends when it is not needed") {
  if (!has_processes) {
    MESSAGE("skipped: readers are threads under ThreadSanitizer");
    return;
  }
  auto readers = std::make_unique<reader_threads>();
  std::vector<pid_t> pids;
  for (std::size_t reader = 0; reader < 2; ++reader) {
    std::promise<pid_t> pid;
    REQUIRE(readers->run(reader, [&pid] {
      pid.set_value(own_pid());
    }));
    pids.push_back(wait_for(pid.get_future()));
    CHECK(pids.back() != own_pid());
  }
  readers->retire(0);
  CHECK(is_gone(pids[0]));
  CHECK(::kill(pids[1], 0) == 0);
  readers.reset();
  CHECK(is_gone(pids[1]));
}

TEST_CASE("a job that never ends keeps no program from ending") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const unique_fd output{ends[0]};
  unique_fd input{ends[1]};
  const auto program = ::fork();
  REQUIRE(program >= 0);
  if (program == 0) {
    std::promise<void> begun;
    reader_threads readers;
    const auto ran = readers.run(0, [&] {
      const auto pid = own_pid();
      static_cast<void>(!::write(input.get(), &pid, sizeof pid));
      begun.set_value();
      for (;;)
        ::pause();
    });
    if (ran)
      begun.get_future().wait();
    ::_exit(ran ? 7 : 1);
  }
  input = {};
  pid_t reader = 0;
  REQUIRE(::read(output.get(), &reader, sizeof reader) == sizeof reader);
  int status = 0;
  CHECK(::waitpid(program, &status, 0) == program);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  CHECK(is_gone(reader));
}

TEST_SUITE_END();
