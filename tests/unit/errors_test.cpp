// SPDX-License-Identifier: Apache-2.0
#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("messages/errors");

TEST_CASE("an error survives the way through a reply") {
  const error sent{errc::not_found, "sandbox 'a': not prepared"};
  CHECK(from_caf(to_caf(sent)) == sent);
}

TEST_CASE("an error without a code is still an error") {
  const auto wrapped = to_caf({errc::none, "what"});
  CHECK(wrapped);
  CHECK(from_caf(wrapped).code == errc::unknown);
}

TEST_CASE("a request to a dead actor is unavailable") {
  const auto err = from_caf(caf::make_error(caf::sec::request_receiver_down));
  CHECK(err.code == errc::unavailable);
}

TEST_SUITE_END();
