// SPDX-License-Identifier: Apache-2.0
#include "core/copy/landmarks.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/copy/landmarks");

TEST_CASE("a file of a volume is a landmark until it, its generation or the "
          "volume goes") {
  landmarks known;
  CHECK_FALSE(known.has_volumes());
  known.stands("/g/v", "/g/v/..1/a");
  REQUIRE(known.any() != nullptr);
  CHECK(*known.any() == "/g/v/..1/a");
  SUBCASE("another generation goes") {
    known.goes("/g/v/..10");
    CHECK(known.any() != nullptr);
  }
  SUBCASE("the next one stands") {
    known.stands("/g/v", "/g/v/..2/b");
    known.goes("/g/v/..1");
    REQUIRE(known.any() != nullptr);
    CHECK(*known.any() == "/g/v/..2/b");
  }
  SUBCASE("its generation goes") {
    known.goes("/g/v/..1");
    CHECK(known.any() == nullptr);
    CHECK(known.has_volumes());
  }
  SUBCASE("the volume goes") {
    known.goes("/g/v");
    CHECK_FALSE(known.has_volumes());
  }
  SUBCASE("the guest is empty") {
    known.gone();
    CHECK_FALSE(known.has_volumes());
  }
}

TEST_CASE("a volume without a fit file is known without a landmark") {
  landmarks known;
  known.stands("/g/v", {});
  CHECK(known.has_volumes());
  CHECK(known.any() == nullptr);
  known.stands("/g/w", "/g/w/..1/a");
  CHECK(known.any() != nullptr);
}

TEST_CASE("trees are in doubt once the guest was lost, and gone for good where "
          "it came back empty") {
  landmarks known;
  known.copied("/g/t");
  known.lost();
  CHECK(known.trees().at("/g/t") == tree_doubt::unknown);
  SUBCASE("it has them") {
    known.found();
    CHECK(known.trees().at("/g/t") == tree_doubt::none);
  }
  SUBCASE("it has not") {
    known.gone();
    known.copied("/g/new");
    known.lost();
    known.found();
    CHECK(known.trees().at("/g/t") == tree_doubt::gone);
    CHECK(known.trees().at("/g/new") == tree_doubt::none);
    known.goes("/g/t");
    CHECK_FALSE(known.trees().contains("/g/t"));
  }
}

TEST_CASE("a guest is asked for a directory below a file, and only a refusal "
          "says that the file is there") {
  const auto step = look_step("/g/v/..1/a");
  CHECK(step.type == entry_type::directory);
  CHECK(step.path == "/g/v/..1/a/look");
  CHECK(look_result_of(errc::internal) == look_result::there);
  CHECK(look_result_of(errc::none) == look_result::gone);
  CHECK(look_result_of(errc::permission_denied) == look_result::unknown);
}

TEST_SUITE_END();
