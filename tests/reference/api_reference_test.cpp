// SPDX-License-Identifier: Apache-2.0
#include "tests/reference/api_reference.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace fsshare::test;

namespace {

/// What the compiler makes of a file of a folder.
std::string descriptors_of(const std::string& folder, const std::string& file) {
  const temp_dir dir;
  const auto out = dir / "descriptors";
  const auto done
    = run_process({FSSHARE_PROTOC, "--include_source_info",
                   "--descriptor_set_out=" + out, "-I" + folder, file});
  REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
  return read_file(out);
}

} // namespace

TEST_SUITE_BEGIN("reference/api");

TEST_CASE("docs/api.md is what proto/fsshare.proto says") {
  const auto text = read_file("docs/api.md");
  const auto mark = text.find("api: ./dev docs writes this");
  REQUIRE(mark != std::string::npos);
  const auto begin = text.find('\n', mark) + 1;
  const auto end = text.find("<!-- end of api");
  REQUIRE(end != std::string::npos);
  CHECK(text.substr(begin, end - begin)
        == api_as_markdown(descriptors_of("proto", "fsshare.proto")));
}

TEST_CASE("calls, messages, fields and values of an API have their comments") {
  const temp_dir dir;
  dir.write("a.proto", R"(// SPDX-License-Identifier: none
// What it is for.
//
// More of it.
syntax = "proto3";
package a.v1;
service Things {
  // Makes one,
  // or not.
  rpc Make(MakeRequest) returns (MakeReply);
}
// Asks for it.
message MakeRequest {
  // One | two.
  string name = 1;
  repeated Colour colours = 3;
  map<string, uint32> counts = 4;
}
message MakeReply {}
enum Colour {
  UNKNOWN = 0;
  RED = 2; // Like blood.
}
)");
  CHECK(api_as_markdown(descriptors_of(dir.path(), "a.proto"))
        == R"(What it is for.

More of it.

## Calls

Of the service `a.v1.Things`.

| Call | Takes | Answers | What it does |
|---|---|---|---|
| `Make` | [MakeRequest](#makerequest) | [MakeReply](#makereply) | Makes one, or not. |

## Messages

### MakeRequest

Asks for it.

| Field | Number | Type | Meaning |
|---|---|---|---|
| `name` | 1 | string | One \| two. |
| `colours` | 3 | list of [Colour](#colour) | |
| `counts` | 4 | map of string to uint32 | |

### MakeReply

It has no fields.

## Enums

### Colour

| Value | Number | Meaning |
|---|---|---|
| `UNKNOWN` | 0 | |
| `RED` | 2 | Like blood. |
)");
}

TEST_CASE("what describes no API is refused") {
  CHECK_THROWS_AS(api_as_markdown(""), std::runtime_error);
  CHECK_THROWS_AS(api_as_markdown("nonsense"), std::runtime_error);
}
