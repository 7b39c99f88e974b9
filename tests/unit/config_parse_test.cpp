// SPDX-License-Identifier: Apache-2.0
#include "config/load_config.hpp"
#include "config/parse_config.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("config/parse_config");

namespace {

result<node_config> parse(std::vector<std::string> texts) {
  std::vector<config_text> sources;
  sources.reserve(texts.size());
  for (auto& text : texts)
    sources.push_back(
      {"file" + std::to_string(sources.size()), std::move(text)});
  return parse_config(sources, node_config{});
}

/// Checks that a text is refused with a sentence that has all `words`.
void check_refused(const std::string& text,
                   const std::vector<std::string>& words) {
  const auto parsed = parse({text});
  REQUIRE_MESSAGE(!parsed, text);
  CHECK(parsed.err().code == errc::invalid_argument);
  CHECK(parsed.err().message.starts_with("file0: "));
  for (const auto& word : words)
    CHECK_MESSAGE(parsed.err().message.find(word) != std::string::npos,
                  parsed.err().message);
}

} // namespace

TEST_CASE("no file means the defaults") {
  CHECK(*parse({}) == node_config{});
  CHECK(*parse({"{}"}) == node_config{});
  CHECK(default_config(0).api.allowed_uids == std::vector<std::uint32_t>{0});
  CHECK(default_config(1000).api.allowed_uids
        == std::vector<std::uint32_t>{0, 1000});
}

TEST_CASE("the shipped example has every key at its default") {
  const auto loaded
    = load_config("config/example.json", config_file::required, {});
  REQUIRE(loaded);
  CHECK(*loaded == node_config{});
  const auto written = to_json_text(*loaded);
  CHECK(*parse({written}) == node_config{});
  const auto squeezed = [](std::string text) {
    std::erase_if(text, [](char c) {
      return c == ' ' || c == '\n';
    });
    return text;
  };
  CHECK(squeezed(test::read_file("config/example.json")) == squeezed(written));
}

TEST_CASE("every key is read") {
  const auto parsed = parse({R"({
    "api": {"socket": "/s", "allowed_uids": [1, 2]},
    "http": {"listen": "[::1]:1", "status_page": true},
    "share": {"root": "/r"},
    "mounts": {"api": "classic", "recursive": false,
               "visibility": "assumed"},
    "guest": {"share_dir": "/g", "dial_timeout": "1s",
              "request_timeout": "250ms", "quiet_time": "3s",
              "remote_quiet_time": "7s", "end_timeout": "8s",
              "no_implicit_parents_from": "4.12"},
    "copy": {"window_requests": 1, "window_bytes": 1048576,
             "node_bytes": 33554432, "cross_mounts": true,
             "limits": {"entries": 2, "file_bytes": 3, "volume_bytes": 4,
                        "sandbox_bytes": 5, "names_bytes": 65536},
             "categories": {"configmap": "audit", "secret": "deny",
                            "projected": "empty", "downward-api": "deny",
                            "image-volumes": "empty",
                            "network-files": "audit", "other-files": "deny",
                            "other-directories": "audit"}},
    "sources": {"timeout": "4s"},
    "sandboxes": {"orphan_grace": "24h"},
    "shutdown": {"grace": "5s"},
    "state": {"directory": "/j"},
    "volumes": {"match": "kubelet-root", "kubelet_roots": ["/k"], "csi": true,
                "guest_copies": "per-sandbox",
                "sweep_interval": "1m", "poll_interval": "2s", "grace": "0s", "keep_generations": 5},
    "log": {"level": "debug", "format": "json"}})"});
  REQUIRE(parsed);
  node_config expected;
  expected.api = {"/s", {1, 2}};
  expected.http = {"[::1]:1", true};
  expected.share = {"/r"};
  expected.mounts
    = {mount_api_choice::classic, false, visibility_check::assumed};
  expected.guest = {"/g", 1s, 250ms, 3s, 7s, 8s, "4.12"};
  using enum copy_rule;
  expected.copy = {1,
                   1048576,
                   33554432,
                   true,
                   {2, 3, 65536, 4, 5},
                   {audit, deny, empty, deny, empty, audit, deny, audit}};
  expected.sources = {4s};
  expected.sandboxes = {24h};
  expected.shutdown = {5s};
  expected.state = {"/j"};
  expected.volumes = {volume_match::kubelet_root,
                      {"/k"},
                      true,
                      copy_scope::per_sandbox,
                      1min,
                      2s,
                      0s,
                      5};
  expected.log = {log_level::debug, log_format::json};
  CHECK(*parsed == expected);
  CHECK(*parse({to_json_text(expected)}) == expected);
}

TEST_CASE("unknown keys are refused with their pointer and those there are") {
  check_refused(R"({"copy": {"windw": 1}})",
                {"/copy/windw", "window_bytes", "window_requests", "limits"});
  check_refused(R"({"web": {"listen": "x"}})", {"/web", "api", "volumes"});
  check_refused(R"({"copy": {"limits": {"x": 1}}})", {"/copy/limits/x"});
  check_refused(R"({"nonsense": null})", {"/nonsense"});
  check_refused(R"({"copy": {"nonsense": null}})", {"/copy/nonsense"});
}

TEST_CASE("a release of guest agents is one of 4.0 or later, or empty") {
  const auto text = [](const std::string& release) {
    return R"({"guest": {"no_implicit_parents_from": ")" + release + R"("}})";
  };
  for (const char* good : {"", "4.0", "4.2", "17.10"})
    CHECK(parse({text(good)})->guest.no_implicit_parents_from == good);
  for (const char* bad : {"4", "4.", "4.2.0", "v4.2", "3.32", "4.x", "never"})
    check_refused(text(bad), {"/guest/no_implicit_parents_from", bad,
                              "a release such as \"4.2\", 4.0 or later"});
  check_refused(R"({"guest": {"no_implicit_parents_from": 4.2}})",
                {"4.2 is not a release"});
}

TEST_CASE("an address for HTTP is one in numbers, a socket, or empty") {
  for (const char* good :
       {"", "127.0.0.1:10260", "0.0.0.0:1", "[::]:65535", "unix:///run/x.sock"})
    CHECK(parse({R"({"http": {"listen": ")" + std::string{good} + R"("}})"})
            ->http.listen
          == good);
  for (const char* bad :
       {"localhost:1", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", ":1",
        "::1:1", "[::1]", "unix://relative", "tcp://1.2.3.4:5"})
    check_refused(R"({"http": {"listen": ")" + std::string{bad} + R"("}})",
                  {"/http/listen", "127.0.0.1:10260", "unix:///PATH"});
}

TEST_CASE("wrong types are refused with the pointer and what is allowed") {
  check_refused(R"({"copy": 1})", {"/copy", "object"});
  check_refused(R"({"copy": {"window_requests": "64"}})",
                {"/copy/window_requests", "1 to 64"});
  check_refused(R"({"copy": {"window_requests": 6.5}})",
                {"/copy/window_requests"});
  check_refused(R"({"api": {"socket": 1}})", {"/api/socket", "path"});
  check_refused(R"({"api": {"allowed_uids": 0}})", {"/api/allowed_uids"});
  check_refused(R"({"api": {"allowed_uids": ["0"]}})", {"/api/allowed_uids"});
  check_refused(R"({"mounts": {"recursive": 1}})",
                {"/mounts/recursive", "true or false"});
  check_refused(R"({"guest": {"dial_timeout": 30}})",
                {"/guest/dial_timeout", "\"30s\""});
  check_refused(R"({"volumes": {"kubelet_roots": "/k"}})",
                {"/volumes/kubelet_roots"});
  check_refused(R"({"log": {"level": 1}})", {"/log/level", "debug, info"});
}

TEST_CASE("values out of range are refused") {
  check_refused(R"({"copy": {"window_requests": 0}})", {"1 to 64"});
  check_refused(R"({"copy": {"window_requests": 65}})", {"1 to 64"});
  check_refused(R"({"copy": {"window_requests": -1}})", {"1 to 64"});
  check_refused(R"({"copy": {"limits": {"entries": 0}}})", {"entries"});
  check_refused(R"({"api": {"allowed_uids": [4294967295]}})", {"4294967294"});
  check_refused(R"({"guest": {"dial_timeout": "2h"}})", {"10ms to 3600s"});
  check_refused(R"({"guest": {"dial_timeout": "0s"}})", {"10ms to 3600s"});
  check_refused(R"({"share": {"root": "rel"}})", {"/share/root", "absolute"});
  check_refused(R"({"share": {"root": "/a/../b"}})", {"/share/root"});
  check_refused(R"({"volumes": {"kubelet_roots": ["k"]}})", {"absolute"});
  check_refused(R"({"mounts": {"visibility": "auto"}})", {"proven, assumed"});
  check_refused(R"({"mounts": {"api": "newest"}})", {"auto, new, classic"});
  check_refused(R"({"volumes": {"match": "all"}})",
                {"structural, kubelet-root"});
  check_refused(R"({"log": {"format": "xml"}})", {"logfmt, json"});
  check_refused(R"({"api": {"socket": "/)" + std::string(107, 's') + "\"}}",
                {"/api/socket", "107 bytes"});
}

TEST_CASE("malformed text is refused with its place") {
  check_refused("", {"parse error"});
  check_refused("{", {"line 1"});
  check_refused("{\n\"api\" 1}", {"line 2"});
  check_refused("[]", {"not a JSON object"});
  check_refused("{} x", {"parse error"});
  check_refused("{\"log\": {}, \"log\": {}}", {"'log' appears twice"});
  check_refused("{\"share\": {\"root\": \"\xff\"}}", {"UTF-8"});
  CHECK(!parse({std::string(100'000, '[')}));
  CHECK(!parse(
    {"{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}"}));
}

TEST_CASE("what is nested deeply is refused wherever it stands") {
  const auto nested = [](std::size_t levels) {
    return R"({"api": {"socket": )" + std::string(levels, '[')
           + std::string(levels, ']') + "}}";
  };
  check_refused(nested(63), {"nested deeper than 64"});
  check_refused(nested(100'000), {"nested deeper than 64"});
  check_refused(nested(62), {"/api/socket"});
  // Brackets in strings are none.
  CHECK(parse({R"({"api": {"socket": "/)" + std::string(90, '[') + "\"}}"}));
  CHECK(parse({R"({"api": {"socket": "/\")" + std::string(90, '{') + "\"}}"}));
}

TEST_CASE("odd bytes, numbers and kinds of files are refused, not obeyed") {
  check_refused(std::string{"{\"log\": {}}\0", 12}, {"NUL"});
  check_refused(R"({"copy": {"window_requests": 1e999}})", {"number overflow"});
  check_refused(R"({"copy": {"window_requests": 99999999999999999999999}})",
                {"/copy/window_requests"});
  check_refused(R"({"api": {"allowed_uids": [-1]}})", {"/api/allowed_uids"});
  CHECK(parse({"\xef\xbb\xbf{}"}));
  const test::temp_dir dir;
  CHECK(!load_config("/dev/zero", config_file::required, {}));
  const auto loop = dir / "loop.json";
  std::filesystem::create_symlink(loop, loop);
  CHECK(!load_config(loop, config_file::required, {}));
}

TEST_CASE("later files are merged into earlier ones") {
  const auto parsed = parse({
    R"({"copy": {"window_requests": 8, "limits": {"entries": 9}}})",
    R"({"copy": {"window_requests": 16}, "api": {"allowed_uids": [5]}})",
    R"({"copy": {"limits": null}})",
  });
  REQUIRE(parsed);
  CHECK(parsed->copy.window_requests == 16);
  CHECK(parsed->copy.limits == node_config{}.copy.limits);
  CHECK(parsed->api.allowed_uids == std::vector<std::uint32_t>{5});
}

TEST_CASE("the file at fault is named") {
  const auto parsed = parse({"{}", R"({"log": {"level": "x"}})", "{}"});
  REQUIRE(!parsed);
  CHECK(parsed.err().message.starts_with("file1: /log/level"));
}

TEST_CASE("drop-ins are merged in the order of their names") {
  const test::temp_dir dir;
  const auto file
    = dir.write("config.json", R"({"copy": {"window_requests": 1}})");
  dir.write("config.d/20-b.json", R"({"copy": {"window_requests": 3}})");
  dir.write("config.d/10-a.json", R"({"copy": {"window_requests": 2}})");
  dir.write("config.d/30-c.txt", "not JSON");
  const auto loaded = load_config(file, config_file::required, {});
  REQUIRE(loaded);
  CHECK(loaded->copy.window_requests == 3);
  dir.write("config.d/40-d.json", "{");
  const auto broken = load_config(file, config_file::required, {});
  REQUIRE(!broken);
  CHECK(broken.err().message.find("40-d.json") != std::string::npos);
}

TEST_CASE("only a required file has to be there") {
  const test::temp_dir dir;
  const auto file = dir / "none.json";
  CHECK(*load_config(file, config_file::optional, {}) == node_config{});
  const auto missing = load_config(file, config_file::required, {});
  REQUIRE(!missing);
  CHECK(missing.err().code == errc::not_found);
  CHECK(missing.err().message.find(file) != std::string::npos);
  CHECK(!load_config(dir.path(), config_file::optional, {}));
}

TEST_SUITE_END();
