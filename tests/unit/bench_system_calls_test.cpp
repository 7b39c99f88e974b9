// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/system_calls.hpp"

#include <doctest/doctest.h>
#include <latch>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using fsshare::bench::system_calls;

TEST_SUITE("bench/suite/system_calls") {
  namespace {

  constexpr int some = 5000;
  // Less than a tenth of them is what else goes on.
  constexpr int others = some / 10;

  void make_calls() {
    for (int n = 0; n < some; ++n)
      ::syscall(SYS_getppid);
  }

  } // namespace

  TEST_CASE("calls of all threads are counted, whenever they began") {
    std::latch begins{1};
    std::jthread earlier{[&] {
      begins.wait();
      make_calls();
    }};
    const system_calls counts{{::getpid()}};
    begins.count_down();
    earlier.join();
    std::jthread{make_calls}.join();
    make_calls();

    const auto got = counts.count();

    if (!got) {
      MESSAGE("skipped: system calls may not be counted here");
      return;
    }
    CHECK(*got >= 3 * some);
    CHECK(*got < 3 * some + others);
  }

  TEST_CASE("a process that is gone has no calls") {
    CHECK_FALSE(system_calls{{}}.count());
    CHECK_FALSE(system_calls{{0x7fffffff}}.count());
  }
}
