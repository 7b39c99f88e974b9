// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

TEST_SUITE_BEGIN("demo/fsshare_demo");

using namespace fsshare::test;

namespace {

struct transcript_lines {
  int exit_code = -1;
  std::vector<std::string> lines;

  bool has(const std::string& line) const {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
  std::ptrdiff_t count(const std::string& beginning) const {
    return std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
      return line.starts_with(beginning);
    });
  }
};

transcript_lines run_demo(std::vector<std::string> options) {
  options.insert(options.begin(), FSSHARE_DEMO_PROGRAM);
  const auto done = run_process(std::move(options), std::chrono::seconds{100});
  INFO(done.output << done.errors);
  CHECK(done.errors.empty());
  transcript_lines out{done.exit_code, {}};
  std::istringstream in{done.output};
  for (std::string line; std::getline(in, line);)
    out.lines.push_back(line);
  return out;
}

void check_success(const transcript_lines& said) {
  std::string text;
  for (const auto& line : said.lines)
    text += line + "\n";
  INFO(text);
  CHECK(said.exit_code == 0);
  CHECK(said.count("FAILED") == 0);
  CHECK(said.has("ok: rotation 1, or a newer one, reached every guest "
                 "directory"));
  CHECK(said.has("ok: rotation 10, or a newer one, reached every guest "
                 "directory"));
  CHECK(said.count("lag: median ") == 1);
  CHECK(said.has("ok: the rotation reached every guest directory after the "
                 "restart"));
  CHECK(said.has("ok: fsshared knows that all of them are current"));
  CHECK(said.has("ok: nothing is left below share.root"));
  CHECK(
    said.has("ok: they leave nothing but a lock and empty directories behind"));
  // Either the bind shares were shown, or the demo says why not.
  CHECK(said.count("skipped: bind shares: ")
          + said.count("ok: no mount of the sandbox is left")
        == 1);
  CHECK(said.count("skipped: root filesystems: ")
          + said.count("ok: no mount of any root filesystem is left")
        == 1);
  const auto kinds
    = said.count("ok: the storages are those that the guest agent expects");
  CHECK(kinds == 6 * said.count("ok: no mount of any root filesystem is left"));
  REQUIRE(said.count("T=/") == 1);
  CHECK_FALSE(std::filesystem::exists(said.lines.front().substr(2)));
}

} // namespace

TEST_CASE("the demo holds with a guest agent that confines what it is sent") {
  const auto said = run_demo({});
  check_success(said);
  CHECK(said.count("not removable by this guest agent") == 0);
  CHECK(said.has("ok: app-3's guest directory equals the host's"));
  CHECK(said.has("ok: nothing is left in the guest"));
}

TEST_CASE("the demo holds with a guest agent that leaves parents alone") {
  const auto said = run_demo({"--profile", "4.2"});
  check_success(said);
  CHECK(said.count("not removable by this guest agent") == 0);
  CHECK(said.has("ok: app-3's guest directory equals the host's"));
  CHECK(said.has("ok: nothing is left in the guest"));
}

TEST_CASE("the demo holds with a guest agent that removes") {
  const auto said = run_demo({"--profile", "3.18"});
  check_success(said);
  CHECK(said.count("not removable by this guest agent") == 0);
  CHECK(said.has("ok: app-3's guest directory equals the host's"));
  CHECK(said.has("ok: nothing is left in the guest"));
}

TEST_CASE("the demo says what stays with a guest agent that cannot remove") {
  const auto said = run_demo({"--profile", "3.3"});
  check_success(said);
  CHECK(said.has("ok: app-3's guest directory equals the host's in ..data, "
                 "generation and live links"));
  CHECK(said.count("not removable by this guest agent: ") == 4);
  CHECK(said.has("ok: app-3's guest directory keeps what fsshared reports, no "
                 "more"));
}

TEST_CASE("the demo fails when a guest directory differs from the host's") {
  const auto said = run_demo({"--tamper", "file"});
  CHECK(said.exit_code == 1);
  CHECK(said.has("FAILED: app-1's guest directory equals the host's"));
  CHECK(said.count("FAILED") == 1);
}

TEST_CASE("the demo fails when a key is flattened") {
  const auto said = run_demo({"--tamper", "key"});
  CHECK(said.exit_code == 1);
  CHECK(said.has("FAILED: app-1's guest directory has no flattened key"));
}

TEST_CASE("the demo fails when a link dangles") {
  const auto said = run_demo({"--tamper", "link"});
  CHECK(said.exit_code == 1);
  CHECK(said.has("FAILED: app-1's guest directory has no dangling link"));
}

TEST_CASE("the demo fails when an old generation stays") {
  const auto said = run_demo({"--tamper", "generation"});
  CHECK(said.exit_code == 1);
  CHECK(said.has("FAILED: app-1's guest directory has the kept generation "
                 "only"));
}

TEST_CASE("the demo fails when more stays than is reported") {
  const auto said = run_demo({"--profile", "3.3", "--tamper", "generation"});
  CHECK(said.exit_code == 1);
  CHECK(said.has("FAILED: app-1's guest directory keeps what fsshared reports, "
                 "no more"));
  CHECK(said.count("FAILED") == 1);
}

TEST_CASE("the demo fails when a rotation does not arrive") {
  const auto said = run_demo({"--tamper", "watcher"});
  CHECK(said.exit_code == 1);
  CHECK(said.has("FAILED: rotation 10, or a newer one, reached every guest "
                 "directory"));
  CHECK(said.has("ok: rotation 9, or a newer one, reached every guest "
                 "directory"));
}

TEST_CASE("the demo fails when something stays below the share root") {
  const auto said = run_demo({"--tamper", "share"});
  CHECK(said.exit_code == 1);
  CHECK(said.has("FAILED: nothing is left below share.root"));
  CHECK(said.count("FAILED") == 1);
}

TEST_CASE("the demo refuses guest agents that it does not know with 64") {
  const auto done = run_process({FSSHARE_DEMO_PROGRAM, "--profile", "3.2"});
  CHECK(done.exit_code == 64);
  CHECK(done.output.empty());
  CHECK(done.errors.starts_with("fsshare-demo: "));
}
