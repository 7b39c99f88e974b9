// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/volume_script.hpp"

#include <optional>
#include <utility>

namespace fsshare::demo {

namespace {

struct edit {
  const char* key;
  /// Nothing deletes the key.
  std::optional<const char*> content;
};

struct edited_rotation {
  const char* what;
  std::vector<edit> edits;
  bool hurried = false;
};

std::vector<edited_rotation> edits() {
  return {
    {"log.level changed", {{"log.level", "debug"}}},
    {"motd added", {{"motd", "Welcome.\n"}}},
    {"server/listen changed", {{"server/listen", "0.0.0.0:8443"}}},
    {"extra/flags/beta added", {{"extra/flags/beta", "on"}}},
    {"motd deleted", {{"motd", std::nullopt}}},
    {"log.level changed", {{"log.level", "info"}}, true},
    {"log.level changed, at once", {{"log.level", "warning"}}},
    {"extra/flags/beta deleted", {{"extra/flags/beta", std::nullopt}}},
    {"ca.crt and ca.key changed",
     {{"server/tls/ca.crt", "certificate 2\n"},
      {"server/tls/ca.key", "longer key 2\n"}}},
    {"one changed, added, deleted",
     {{"log.level", "error"},
      {"server/limits.json", "{\"connections\": 512}\n"},
      {"server/listen", std::nullopt}}},
  };
}

} // namespace

test::payload first_files() {
  return {
    {"log.level", {"info"}},
    {"server/listen", {"127.0.0.1:8080"}},
    // Guest agents collect both under the same temporary name.
    {"server/tls/ca.crt", {"certificate 1\n"}},
    {"server/tls/ca.key", {"key 1\n"}},
  };
}

std::vector<scripted_rotation> ten_rotations() {
  std::vector<scripted_rotation> out;
  auto files = first_files();
  for (const auto& each : edits()) {
    for (const auto& [key, content] : each.edits) {
      if (content)
        files[key].content = *content;
      else
        files.erase(key);
    }
    out.push_back({each.what, files, each.hurried});
  }
  return out;
}

} // namespace fsshare::demo
