// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/guest_calls.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/socket_peer.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include <sys/stat.h>

TEST_SUITE_BEGIN("main/fsshare_guest");

using namespace fsshare;
using namespace fsshare::test;

namespace {

finished_process run_guest(std::vector<std::string> options) {
  options.insert(options.begin(), guest_program());
  return run_process(std::move(options));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the version and the options can be asked for") {
  const auto version = run_guest({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.output.starts_with("fsshare-guest "));
  const auto help = run_guest({"--help"});
  CHECK(help.exit_code == 0);
  for (const auto* option :
       {"--listen", "--root", "--profile", "--workers", "--delay",
        "--service-time", "--late", "--fail-every", "--deny-after",
        "--drop-after", "--hang-after", "--stats"})
    CHECK(contains(help.output, option));
}

TEST_CASE("wrong options are refused with 64 and a sentence") {
  const temp_dir dir;
  const std::vector<std::string> good{"--listen", "unix://" + (dir / "s"),
                                      "--root", dir.path()};
  const std::vector<std::vector<std::string>> wrong{
    {"--late", "soon"},       {"--service-time", "1"},
    {"--profile", "3.2"},     {"--workers", "0"},
    {"--workers", "many"},    {"--delay", "3"},
    {"--fail-every", "-1"},   {"--drop-after", "0"},
    {"--hang-after", "1.5"},  {"surplus"},
    {"--listen", "tcp://x:1"}};
  for (const auto& more : wrong) {
    CAPTURE(more.front());
    auto options = good;
    options.insert(options.end(), more.begin(), more.end());
    const auto done = run_guest(options);
    CHECK(done.exit_code == 64);
    CHECK(done.errors.starts_with("fsshare-guest: "));
    CHECK(done.output.empty());
  }
}

TEST_CASE("address and root must be given") {
  CHECK(run_guest({"--root", "/"}).exit_code == 64);
  CHECK(run_guest({"--listen", "unix:///s"}).exit_code == 64);
}

TEST_CASE("a root that does not exist is refused with 1") {
  const temp_dir dir;
  const auto done = run_guest(
    {"--listen", "unix://" + (dir / "s"), "--root", dir / "missing"});
  CHECK(done.exit_code == 1);
  CHECK(contains(done.errors, dir / "missing"));
}

TEST_CASE("an address that is taken is refused with 1") {
  const guest_process guest;
  const auto done = run_guest(
    {"--listen", to_string(guest.address()), "--root", guest.root()});
  CHECK(done.exit_code == 1);
  CHECK(contains(done.errors, guest.address().path));
  socket_peer peer{guest.address()};
  peer.send(check_frame(1));
  CHECK(code_of(peer.next_frame()->payload) == errc::none);
}

TEST_CASE("SIGTERM ends it with 0, its socket gone and its counts written") {
  temp_dir dir;
  const auto file = dir / "stats.json";
  guest_process guest{{"--stats", file}};
  const auto frame = copy_file_frame(1, "f", "text");
  {
    socket_peer peer{guest.address()};
    peer.send(frame);
    CHECK(peer.next_frame());
    peer.send(check_frame(3));
    CHECK(peer.next_frame());
    peer.send(copy_file_frame(5, "missing/../f", "text"));
    CHECK(peer.next_frame());
  }
  CHECK(guest.process().terminate() == 0);
  CHECK_FALSE(std::filesystem::exists(guest.address().path));
  const auto stats = nlohmann::json::parse(read_file(file));
  CHECK(stats.at("connections") == 1);
  CHECK(stats.at("requests") == 3);
  CHECK(stats.at("copy_file_requests") == 2);
  CHECK(stats.at("copy_file_bytes") > 8);
  CHECK(stats.at("succeeded") == 2);
  CHECK(stats.at("failed") == 1);
}

TEST_CASE("the umask is that of a guest, not of its parent") {
  const auto before = ::umask(0077);
  const guest_process guest;
  ::umask(before);
  socket_peer peer{guest.address()};
  peer.send(copy_file_frame(1, "d/f", "text"));
  REQUIRE(peer.next_frame());
  namespace fs = std::filesystem;
  CHECK(fs::status(guest.root() + "/d").permissions() == fs::perms{0755});
}
