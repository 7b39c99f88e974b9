// SPDX-License-Identifier: Apache-2.0
#include "guest/share_path.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("guest/share_path");

using namespace fsshare::guest;

namespace {

// The relative path, or why there is none.
std::string below_share(std::string_view path) {
  const auto found = strip_prefix(path, share_root);
  if (!found)
    return "outside";
  return found->is_root() ? "the share" : found->text();
}

} // namespace

TEST_CASE("a path below the share becomes relative, its noise dropped") {
  CHECK(below_share("/run/kata-containers/shared/containers/v/f") == "v/f");
  CHECK(below_share("//run/./kata-containers/shared/containers//v/./f/")
        == "v/f");
}

TEST_CASE("a slash at the end is no part of a path, but is known") {
  const auto file
    = strip_prefix("/run/kata-containers/shared/containers/v/f", share_root);
  const auto slash
    = strip_prefix("/run/kata-containers/shared/containers/v/f/", share_root);
  REQUIRE(file);
  REQUIRE(slash);
  CHECK(!file->ends_in_slash);
  CHECK(slash->ends_in_slash);
  CHECK(slash->text() == file->text());
}

TEST_CASE("the share itself has no name") {
  CHECK(below_share("/run/kata-containers/shared/containers") == "the share");
  CHECK(below_share("/run/kata-containers/shared/containers/.") == "the share");
}

TEST_CASE("what only begins like the share is not below it") {
  CHECK(below_share("/run/kata-containers/shared/containers2/f") == "outside");
  CHECK(below_share("/run/kata-containers/shared") == "outside");
  CHECK(below_share("run/kata-containers/shared/containers/f") == "outside");
  CHECK(below_share("") == "outside");
}

TEST_CASE("dot-dot stays for the file system to resolve") {
  CHECK(below_share("/run/kata-containers/shared/containers/v/../f")
        == "v/../f");
}

TEST_CASE("siblings share the parent") {
  CHECK(share_path{"a/b", "c"}.sibling("d") == "a/b/d");
  CHECK(share_path{"", "c"}.sibling("d") == "d");
}
