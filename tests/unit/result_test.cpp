// SPDX-License-Identifier: Apache-2.0
#include "core/result.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/result");

TEST_CASE("codes have the values and names of google.rpc.Code") {
  CHECK(std::string{to_string(errc::invalid_argument)} == "INVALID_ARGUMENT");
  CHECK(std::string{to_string(errc::unauthenticated)} == "UNAUTHENTICATED");
  CHECK(to_errc(5) == errc::not_found);
  CHECK(to_errc(16) == errc::unauthenticated);
}

TEST_CASE("a wire value that nobody assigned is UNKNOWN") {
  CHECK(to_errc(17) == errc::unknown);
  CHECK(to_errc(-1) == errc::unknown);
}

TEST_CASE("context is added in front while an error travels up") {
  const error inner{errc::not_found, "open /a: No such file or directory"};

  const auto outer = inner.within("share volume");

  CHECK(outer.code == errc::not_found);
  CHECK(outer.message == "share volume: open /a: No such file or directory");
}

TEST_SUITE_END();
