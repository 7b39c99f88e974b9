// SPDX-License-Identifier: Apache-2.0
#include "core/mount/mount_options.hpp"

#include <doctest/doctest.h>
#include <vector>

using namespace fsshare;

namespace {

std::string parsed(const std::vector<std::string>& words,
                   const bind_options& defaults = {}) {
  return to_string(parse_bind_options(words, defaults));
}

} // namespace

TEST_SUITE_BEGIN("core/mount/mount_options");

TEST_CASE("without words the defaults hold") {
  CHECK(parsed({}) == "rw,bind,private");
  CHECK(parsed({}, {access::read_write, submounts::take, propagation::slave})
        == "rw,rbind,slave");
}

TEST_CASE("the words of container mounts are understood") {
  CHECK(parsed({"rbind", "rprivate", "ro"}) == "ro,rbind,private");
  CHECK(parsed({"bind", "rslave", "rw"}) == "rw,bind,slave");
  CHECK(parsed({"nosuid", "size=64m", "relatime"}) == "rw,bind,private");
}

TEST_CASE("the last of two contradicting words wins") {
  CHECK(parsed({"ro", "rw"}) == "rw,bind,private");
  CHECK(parsed({"rw", "ro"}) == "ro,bind,private");
  CHECK(parsed({"rbind", "bind"}) == "rw,bind,private");
  CHECK(parsed({"slave", "private"}) == "rw,bind,private");
}

TEST_CASE("a read-only mount stays read-only") {
  CHECK(
    parsed({"rw"}, {access::read_only, submounts::leave, propagation::closed})
    == "ro,bind,private");
}

TEST_CASE("a read-only mount takes no later mounts, which were writable") {
  CHECK(parsed({"ro", "rslave"}) == "ro,bind,unmounts");
  CHECK(parsed({"shared", "ro"}) == "ro,bind,unmounts");
  CHECK(parsed({"slave", "rw"},
               {access::read_only, submounts::take, propagation::closed})
        == "ro,rbind,unmounts");
}

TEST_CASE("no word lets a guest's mounts appear on the host") {
  CHECK(parsed({"shared"}) == "rw,bind,slave");
  CHECK(parsed({"rshared"}) == "rw,bind,slave");
}

TEST_SUITE_END();
