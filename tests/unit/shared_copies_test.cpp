// SPDX-License-Identifier: Apache-2.0
#include "core/copy/shared_copies.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

copy_terms terms(const std::string& key,
                 copy_life life = copy_life::until_last_share) {
  return {source_kind::volume, life, key, "/host/" + key, "/guest/" + key};
}

using ids = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("core/copy/shared_copies");

TEST_CASE("shares with one key use one copy, which has the first one's id and "
          "guest path") {
  shared_copies copies;
  CHECK(copies.join("s1", terms("a")).id == "s1");
  auto second = terms("a");
  second.guest_path = "/guest/other";
  const auto& joined = copies.join("s2", second);
  CHECK(joined.id == "s1");
  CHECK(joined.terms.guest_path == "/guest/a");
  CHECK(copies.join("s3", terms("b")).id == "s3");
}

TEST_CASE("the last share to leave takes the copy along, and a later one gets "
          "another") {
  shared_copies copies;
  copies.join("s1", terms("a"));
  copies.join("s2", terms("a"));
  CHECK(copies.leave("s1") == nullptr);
  CHECK(copies.leave("s1") == nullptr);
  auto* last = copies.leave("s2");
  REQUIRE(last != nullptr);
  CHECK(last->id == "s1");
  // While it is taken away.
  CHECK(copies.join("s3", terms("a")).id == "s3");
  copies.erase("s1");
  CHECK(copies.find("s1") == nullptr);
  CHECK(copies.join("s4", terms("a")).id == "s3");
}

TEST_CASE("a key leads to the copy that would be joined") {
  shared_copies copies;
  CHECK(copies.with_key("a") == nullptr);
  copies.join("s1", terms("a"));
  REQUIRE(copies.with_key("a") != nullptr);
  CHECK(copies.with_key("a")->id == "s1");
  copies.leave("s1");
  CHECK(copies.with_key("a") == nullptr);
}

TEST_CASE("a copy that could not be taken away is tried again by its share") {
  shared_copies copies;
  copies.join("s1", terms("a"));
  REQUIRE(copies.leave("s1") != nullptr);
  copies.rejoin("s1", "s1");
  CHECK(copies.join("s2", terms("a")).id == "s2");
  REQUIRE(copies.leave("s1") != nullptr);
  copies.rejoin("gone", "s1");
  CHECK(copies.leave("s1") == nullptr);
}

TEST_CASE("a failed copy is forgotten with all its shares") {
  shared_copies copies;
  copies.join("s1", terms("a"));
  copies.join("s2", terms("a"));
  CHECK(copies.failed("s1") == ids{"s1", "s2"});
  CHECK(copies.failed("s1") == ids{});
  CHECK(copies.leave("s2") == nullptr);
  CHECK(copies.join("s3", terms("a")).id == "s3");
}

TEST_CASE("the end of a copy that was given up leaves its successor alone") {
  shared_copies copies;
  copies.join("s1", terms("a"));
  copies.leave("s1");
  copies.join("s2", terms("a"));
  CHECK(copies.failed("s1") == ids{});
  CHECK(copies.join("s3", terms("a")).id == "s2");
}

TEST_CASE("a copy for as long as the sandbox outlives its shares") {
  shared_copies copies;
  const auto kept = terms("a", copy_life::until_sandbox_ends);
  copies.join("s1", kept).running = false;
  CHECK(copies.leave("s1") == nullptr);
  const auto& joined = copies.join("s2", kept);
  CHECK(joined.id == "s1");
  CHECK_FALSE(joined.running);
  CHECK(copies.failed("s1") == ids{"s2"});
  CHECK(copies.join("s3", kept).id == "s3");
}

TEST_SUITE_END();
