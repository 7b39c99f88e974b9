// SPDX-License-Identifier: Apache-2.0
#include "sys/process/heap_trim.hpp"

#include "tests/support/inbox.hpp"
#include "tests/support/resident_memory.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include <unistd.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr auto interval = 20ms;
constexpr std::size_t block_bytes = std::size_t{16} << 10;
constexpr std::size_t burst_bytes = std::size_t{64} << 20;

std::uint64_t memory_now() {
  return test::resident_memory(::getpid());
}

void wait_for_looks(io_loop& loop, int count) {
  test::inbox<int> looked;
  loop.after(count * interval, [&looked] {
    looked.put(1);
  });
  REQUIRE(looked.take());
}

bool is_trimmed_by_test_runtime() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

} // namespace

TEST_SUITE_BEGIN("sys/process/heap_trim");

TEST_CASE("memory that a burst took and gave back goes back to the system") {
  if (is_trimmed_by_test_runtime()) {
    MESSAGE("skipped: the sanitizer's heap is not glibc's");
    return;
  }
  using block = std::vector<char>;
  std::vector<block> burst;
  burst.reserve(burst_bytes / block_bytes);
  const auto before = memory_now();
  io_loop loop;
  trim_heap_after_bursts(loop, interval);
  wait_for_looks(loop, 1);
  while (burst.size() < burst_bytes / block_bytes)
    burst.emplace_back(block_bytes, 'x');
  SUBCASE("at once") {
  }
  SUBCASE("after some looks") {
    wait_for_looks(loop, 5);
  }
  // What is used above it keeps the heap from shrinking by itself.
  const block above(block_bytes, 'y');
  CHECK(memory_now() > before + burst_bytes / 2);
  burst.clear();
  auto is_given_back = false;
  for (int n = 0; n < 500 && !is_given_back; ++n) {
    wait_for_looks(loop, 1);
    is_given_back = memory_now() < before + burst_bytes / 4;
  }
  CHECK(is_given_back);
  CHECK(above.back() == 'y');
}

TEST_SUITE_END();
