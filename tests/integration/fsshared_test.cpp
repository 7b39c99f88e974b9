// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/support/environment_variable.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/socket_peer.hpp"
#include "tests/support/temp_dir.hpp"
#include "ttrpc/envelope.hpp"

#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

using namespace fsshare;
using nlohmann::json;
using test::run_fsshared;

TEST_SUITE_BEGIN("integration/fsshared");

namespace {

test::socket_peer connect(const test::node_process& node) {
  return test::socket_peer{{address_scheme::unix_socket, node.socket(), 0, 0}};
}

/// Returns the code of the next answer; UNKNOWN if there is none.
errc next_code(test::socket_peer& peer) {
  const auto frame = peer.next_frame();
  if (!frame)
    return errc::unknown;
  const auto response = ttrpc::decode_response(frame->payload);
  return response ? response->code : errc::unknown;
}

} // namespace

TEST_CASE("bad configuration is 78, names file and key, and makes nothing") {
  const test::temp_dir dir;
  const auto refused = [&](const std::string& text) {
    const auto file = dir.write("config.json", text);
    const auto got = run_fsshared({"--config", file});
    CHECK(got.exit_code == 78);
    CHECK(got.errors.find(file) != std::string::npos);
    return got.errors;
  };
  CHECK(refused(R"({"copy": {"windw": 1}})").find("/copy/windw")
        != std::string::npos);
  CHECK(refused(R"({"log": {"level": "loud"}})").find("/log/level")
        != std::string::npos);
  CHECK(refused("{").find("line 1") != std::string::npos);
  const auto missing = run_fsshared({"--config", dir / "none.json"});
  CHECK(missing.exit_code == 78);
  CHECK(missing.errors.find("none.json") != std::string::npos);
  CHECK(run_fsshared({"--nonsense"}).exit_code == 64);
  const std::filesystem::directory_iterator entries{dir.path()};
  CHECK(std::distance(begin(entries), end(entries)) == 1);
}

TEST_CASE("however it is started, its libraries are bound at the start") {
  // ld.so(8): "if set to a nonempty string".
  for (const auto* given : {"", "1", "yes"}) {
    CAPTURE(given);
    const test::environment_variable bound{"LD_BIND_NOW", given};
    test::node_process node;
    const auto environment = test::read_file(
      "/proc/" + std::to_string(node.program().pid()) + "/environ");
    const std::string expected
      = std::string{"LD_BIND_NOW="} + (*given != '\0' ? given : "1");
    CHECK(('\0' + environment).find('\0' + expected + '\0')
          != std::string::npos);
    CHECK(node.program().terminate() == 0);
  }
}

TEST_CASE("the printed configuration has every key, and given as one it is "
          "printed the same") {
  const test::temp_dir dir;
  const auto file
    = dir.write("config.json", R"({"copy": {"window_requests": 7}})");
  dir.write("config.d/more.json", R"({"log": {"format": "json"},
    "api": {"allowed_uids": [5]}, "volumes": {"grace": "90s"}})");
  const auto printed = run_fsshared({"--config", file, "--print-config"});
  REQUIRE(printed.exit_code == 0);
  const auto config = json::parse(printed.output);
  CHECK(config.at("copy").at("window_requests") == 7);
  CHECK(config.at("log").at("format") == "json");
  const auto known = json::parse(test::read_file("config/schema.json"));
  for (const auto& section : known.at("properties").items())
    for (const auto& key : section.value().at("properties").items())
      CHECK_MESSAGE(config.at(section.key()).contains(key.key()), section.key(),
                    ".", key.key());
  const test::temp_dir other;
  const auto again = other.write("again.json", printed.output);
  CHECK(run_fsshared({"--config", again, "--print-config"}).output
        == printed.output);
}

TEST_CASE(
  "keys and events are described on request, whatever the configuration "
  "is") {
  const auto described = [](const std::string& option) {
    const auto got = run_fsshared({"--config", "/nonexistent", option});
    CHECK_MESSAGE(got.exit_code == 0, option);
    return got.output;
  };
  const auto table = described("--describe-config");
  CHECK(table.starts_with("| Key |"));
  CHECK(table.find("| `copy.window_requests` | 1 to 64 | requests | `64` |")
        != std::string::npos);
  CHECK(described("--describe-config=markdown") == table);
  CHECK(described("--describe-config=man").starts_with(".TP\n.B api.socket\n"));
  const auto schema = json::parse(described("--describe-config=schema"));
  CHECK(schema.at("properties").contains("volumes"));
  CHECK(described("--describe-events").find("| `guest-lost` | warning | ")
        != std::string::npos);
  CHECK(run_fsshared({"--describe-config=xml"}).exit_code == 64);
}

TEST_CASE("each line of a JSON log is an object with time, level and event") {
  test::node_process node{R"("log": {"format": "json", "level": "debug"})"};
  test::run_fssharectl(node.socket(), {"sandbox", "inspect", "x\"\ny"});
  REQUIRE(node.program().terminate() == 0);
  std::istringstream log{node.program().errors()};
  std::set<std::string> events;
  for (std::string line; std::getline(log, line);) {
    const auto parsed = json::parse(line);
    CHECK(parsed.contains("ts"));
    CHECK(parsed.contains("level"));
    events.insert(parsed.at("event").get<std::string>());
  }
  for (const char* event :
       {"started", "api-call", "api-call-failed", "stopped"})
    CHECK_MESSAGE(events.contains(event), event);
}

namespace {

// Returns the objects of a JSON log that are about a failed or audited share.
std::vector<json> share_lines(const std::string& errors) {
  std::vector<json> found;
  std::istringstream log{errors};
  for (std::string line; std::getline(log, line);) {
    auto parsed = json::parse(line);
    if (parsed.value("container", "") == "c1")
      found.push_back(std::move(parsed));
  }
  return found;
}

} // namespace

TEST_CASE("a failed call is one line of the log, an audited copy another") {
  test::node_process node{
    R"("log": {"format": "json"}, "guest": {"dial_timeout": "10ms"},
       "copy": {"categories": {"other-files": "audit"}})"};
  const test::temp_dir dir;
  const auto file = dir.write("file", "text");
  const auto run = [&](std::vector<std::string> args) {
    return test::run_fssharectl(node.socket(), std::move(args)).exit_code;
  };
  REQUIRE(run({"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
               "unix:///nobody/listens"})
          == 0);
  CHECK(run({"share", "add", "sb", "c1", file, "/file"}) == 1);
  REQUIRE(node.program().terminate() == 0);
  const auto lines = share_lines(node.program().errors());
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("event") == "copy-audited");
  CHECK(lines[0].at("category") == "other-files");
  CHECK(lines[0].at("source") == file);
  CHECK(lines[1].at("event") == "api-call-failed");
  CHECK(lines[1].at("method") == "ShareFile");
  CHECK(lines[1].at("sandbox") == "sb");
  CHECK(lines[1].at("level") == "warning");
  CHECK(lines[1].at("code") == "UNAVAILABLE");
}

TEST_CASE("garbage and oversize frames leave the node agent at work") {
  test::node_process node;
  auto other = connect(node);
  auto peer = connect(node);
  // No Request on stream 1; an even stream id; 4 MiB and one byte on stream 3.
  peer.send(bytes{0, 0, 0, 2, 0, 0, 0, 1, 1, 0, 0xff, 0xff});
  CHECK(next_code(peer) == errc::invalid_argument);
  peer.send(bytes{0, 0, 0, 0, 0, 0, 0, 2, 1, 0});
  CHECK(next_code(peer) == errc::invalid_argument);
  peer.send(bytes{0, 0x40, 0, 1, 0, 0, 0, 3, 1, 0});
  peer.send(bytes((std::size_t{4} << 20) + 1, 0xaa));
  CHECK(next_code(peer) == errc::resource_exhausted);
  other.send(bytes(100'000, 0xff));
  other.finish_sending();
  bytes call;
  REQUIRE(ttrpc::append_request(
    call, {5, "fsshare.v1.FilesystemShare", "Version", {}}, {}));
  peer.send(call);
  CHECK(next_code(peer) == errc::none);
  CHECK(test::run_fssharectl(node.socket(), {"version"}).exit_code == 0);
  CHECK(node.program().terminate() == 0);
}

TEST_CASE(
  "a second node agent on the same socket is refused, the first stays") {
  test::node_process node;
  const test::temp_dir dir;
  const auto file = dir.write(
    "config.json",
    R"({"api": {"socket": ")" + node.socket() + R"("}, "share": {"root": ")"
      + (dir / "share") + R"("}, "state": {"directory": ")" + (dir / "state")
      + R"("}, "http": {"listen": ""}, "mounts": {"visibility": "assumed"}})");
  const auto got = run_fsshared({"--config", file});
  CHECK(got.exit_code == 1);
  CHECK(got.errors.find(node.socket()) != std::string::npos);
  CHECK(test::run_fssharectl(node.socket(), {"version"}).exit_code == 0);
}

TEST_CASE("SIGHUP changes what can be changed, tells what cannot, and ends "
          "nothing, with or without a watchdog") {
  for (const auto* patience : {"", "60000000"}) {
    CAPTURE(patience);
    const test::temp_dir dir;
    const test::environment_variable manager{
      "NOTIFY_SOCKET", *patience == '\0' ? "" : dir / "nobody"};
    const test::environment_variable watchdog{"WATCHDOG_USEC", patience};
    test::node_process node;
    const auto is_told = [&node](const std::string& text) {
      return test::eventually([&node, &text] {
        return node.program().errors().find(text) != std::string::npos;
      });
    };
    const auto configure = [&node](const std::string& text) {
      // Beside it, so that it comes last.
      std::ofstream{std::string{parent_path(node.config_file())}
                    + "/config.d/new.json"}
        << text;
      node.program().signal(SIGHUP);
    };
    configure(R"({"log": {"level": "debug", "format": "json"},
      "share": {"root": "/elsewhere"}, "shutdown": {"grace": "9s"}})");
    CHECK(is_told("event=reloaded changed=\"shutdown.grace log.level\""));
    CHECK(is_told("event=not-reloaded keys=\"share.root log.format\""));
    // Calls that go well are told at level debug.
    CHECK(test::run_fssharectl(node.socket(), {"version"}).exit_code == 0);
    CHECK(is_told("level=debug event=api-call"));
    configure(R"({"log": {"level": "loud"}})");
    CHECK(is_told("event=not-reloaded error="));
    CHECK(is_told("/log/level"));
    configure(
      R"({"log": {"level": "warning"}, "http": {"listen": "[::1]:9"}})");
    CHECK(is_told("event=not-reloaded keys=http.listen"));
    // Of what is told at level info, that it was reloaded, there is no more.
    const auto log = node.program().errors();
    CHECK(log.find("event=reloaded") == log.rfind("event=reloaded"));
    CHECK(test::run_fssharectl(node.socket(), {"version"}).exit_code == 0);
    // The end is what ends it.
    CHECK(node.program().terminate() == 0);
  }
}

TEST_SUITE_END();
