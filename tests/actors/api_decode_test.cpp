// SPDX-License-Identifier: Apache-2.0
#include "actors/api_decode.hpp"
#include "proto/fsshare.pb.h"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

std::string bad_in(const std::string& encoded) {
  v1::ShareFileRequest decoded;
  CHECK_FALSE(decoded.ParseFromString(encoded));
  return undecodable_field(*v1::ShareFileRequest::descriptor(), encoded);
}

// A field that is encoded as bytes, whatever they are.
std::string field(char number, const std::string& value) {
  std::string out;
  out += static_cast<char>(number * 8 + 2);
  out += static_cast<char>(value.size());
  return out + value;
}

} // namespace

TEST_SUITE_BEGIN("actors/api_decode");

TEST_CASE("what cannot be decoded is told by its field") {
  const auto id = field(1, "sb");
  CHECK(bad_in(id + field(2, "c\xff")) == "container_id (not UTF-8)");
  CHECK(bad_in(field(3, field(1, "/a") + field(2, "\xc3"))) // mount
        == "mount.destination (not UTF-8)");
  // Cut short, within a field of the message and of the one in it.
  const std::string cut{"\x12\x40...", 5};
  CHECK(bad_in(id + cut) == "container_id");
  CHECK(bad_in(field(3, cut)) == "mount.destination");
  // One that the type does not have, and the end of a group.
  CHECK(bad_in(id + std::string{"\x7a\x40", 2}) == "field 15");
  CHECK(bad_in(id + std::string{"\x0c", 1}) == "sandbox_id");
  CHECK(bad_in(std::string{"\x00\x01", 2}).empty());
}

TEST_SUITE_END();
