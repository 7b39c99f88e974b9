// SPDX-License-Identifier: Apache-2.0
#include "core/net/socket_access.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/net/socket_access");

TEST_CASE("the socket is as open as its allowed users need it") {
  CHECK(access_for({0}, 0) == socket_access{0600, std::nullopt});
  CHECK(access_for({}, 0) == socket_access{0600, std::nullopt});
  CHECK(access_for({0, 1000}, 1000) == socket_access{0600, std::nullopt});
  CHECK(access_for({0, 1000}, 0) == socket_access{0600, 1000});
  CHECK(access_for({1000, 1000}, 0) == socket_access{0600, 1000});
  CHECK(access_for({0, 1000, 1001}, 0) == socket_access{0666, std::nullopt});
  // Who is not root can give no file away.
  CHECK(access_for({0, 1001}, 1000) == socket_access{0666, std::nullopt});
}

TEST_SUITE_END();
