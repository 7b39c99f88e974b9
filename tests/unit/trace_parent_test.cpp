// SPDX-License-Identifier: Apache-2.0
#include "core/net/trace_parent.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;

TEST_SUITE_BEGIN("net/trace_parent");

namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string good = "00-" + trace + "-00f067aa0ba902b7-01";

} // namespace

TEST_CASE("the trace of a traceparent is told, of later versions too") {
  CHECK(trace_id_of(good) == trace);
  CHECK(trace_id_of("01" + good.substr(2)) == trace);
  CHECK(trace_id_of("01" + good.substr(2) + "-more") == trace);
}

TEST_CASE("nothing else is taken for one") {
  const auto bad = [](const std::string& text) {
    CHECK_MESSAGE(trace_id_of(text).empty(), text);
  };
  for (std::size_t n = 0; n < good.size(); ++n) {
    bad(good.substr(0, n));
    auto changed = good;
    changed[n] = 'X';
    bad(changed);
    changed[n] = '\n';
    bad(changed);
  }
  bad(good + "0");
  bad(good + "-more");
  bad("ff" + good.substr(2));
  bad("01" + good.substr(2) + "more");
  bad("00-" + std::string(32, '0') + "-00f067aa0ba902b7-01");
  bad("00-" + trace + "-0000000000000000-01");
  bad("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01");
  bad("01" + good.substr(2) + "-" + std::string(most_trace_parent_bytes, 'a'));
}

TEST_SUITE_END();
