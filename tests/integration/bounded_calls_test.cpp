// SPDX-License-Identifier: Apache-2.0
#include "sys/process/bounded_calls.hpp"

#include "tests/support/in_place_runner.hpp"

#include <doctest/doctest.h>
#include <memory>
#include <stdexcept>

using namespace fsshare;
using namespace std::chrono_literals;
using fsshare::test::in_place_runner;

namespace {

struct bounded_fixture {
  std::shared_ptr<in_place_runner> readers
    = std::make_shared<in_place_runner>();
  int done = 0;

  status call(bounded_calls& calls,
              std::function<void(status&)> late = nullptr) {
    return calls.run<unit>(
      "device 1", "clone /source",
      [this]() -> status {
        ++done;
        return unit{};
      },
      std::move(late));
  }
};

} // namespace

TEST_SUITE_BEGIN("sys/process/bounded_calls");

TEST_CASE_FIXTURE(bounded_fixture,
                  "where no reader can be made a call is refused, not done "
                  "without a limit") {
  readers->refuse = error{errc::unavailable, "the limit of tasks is reached"};
  bounded_calls calls{{0s, 4}, readers};
  const auto refused = call(calls);
  CHECK(done == 0);
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::unavailable);
  CHECK(refused.err().message
        == "clone /source: the limit of tasks is reached");
  readers->refuse.reset();
  CHECK(call(calls));
  CHECK(done == 1);
}

TEST_CASE_FIXTURE(bounded_fixture, "a reader is made before any call, and "
                                   "another one only while that hangs") {
  bounded_calls calls{{0s, 4}, readers};
  CHECK(readers->made.size() == 1);
  CHECK(call(calls));
  CHECK(readers->made.size() == 1);
  readers->hold = true;
  CHECK(!call(calls));
  readers->hold = false;
  CHECK(calls.run<unit>("device 2", "clone /other", []() -> status {
    return unit{};
  }));
  CHECK(readers->made.size() == 2);
  readers->release();
}

TEST_CASE_FIXTURE(bounded_fixture, "an undo that throws leaves its reader and "
                                   "its key for the next call") {
  bounded_calls calls{{0s, 4}, readers};
  readers->hold = true;
  const auto out_of_time = call(calls, [](status&) {
    throw std::runtime_error{"no"};
  });
  REQUIRE(!out_of_time);
  CHECK(out_of_time.err().code == errc::deadline_exceeded);
  const auto refused = call(calls);
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::resource_exhausted);
  readers->hold = false;
  CHECK_NOTHROW(readers->release());
  CHECK(call(calls));
  CHECK(readers->made.size() == 1);
}

TEST_SUITE_END();
