// SPDX-License-Identifier: Apache-2.0
#include "guest/file_store.hpp"

#include "guest/share_path.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

TEST_SUITE_BEGIN("guest/file_store");

using namespace fsshare;
using namespace fsshare::guest;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t file_mode = 0100644;
constexpr std::uint32_t dir_mode = 0040755;
constexpr std::uint32_t link_mode = 0120777;

// A share beside something that must never change.
struct fixture {
  explicit fixture(profile which) : root(dir.make_dir("share")) {
    dir.write("outside/victim", "untouched");
    auto opened = file_store::open(root, which);
    REQUIRE(opened);
    store.emplace(std::move(*opened));
  }

  status send(const std::string& path, std::uint32_t mode,
              std::string_view data, std::int64_t size = -1,
              std::int64_t offset = 0) const {
    copy_file_request request;
    request.path = std::string{share_root} + "/" + path;
    request.file_mode = mode;
    request.dir_mode = 0755;
    request.data = as_bytes(data);
    request.file_size
      = size < 0 ? static_cast<std::int64_t>(data.size()) : size;
    request.offset = offset;
    // Its own owner, so that this works without root too.
    request.uid = -1;
    request.gid = -1;
    return store->copy_file(request);
  }

  temp_dir dir;
  std::string root;
  std::optional<file_store> store;
};

void restore_link(const std::string& target, const fs::path& link) {
  std::error_code ignored;
  if (fs::read_symlink(link, ignored) == target)
    return;
  fs::remove_all(link);
  fs::create_directories(link.parent_path());
  fs::create_symlink(target, link);
}

// Links that lead to `outside` in every way that a link can, made anew where a
// request has replaced them.
void make_hostile_links(const fixture& with) {
  const fs::path root{with.root};
  restore_link(with.dir / "outside", root / "absolute");
  restore_link("../outside", root / "relative");
  restore_link("../../../../../../../../../..", root / "far");
  restore_link("../../outside", root / "d/deep");
  restore_link("d/deep", root / "chain");
  restore_link(with.dir / "outside/victim", root / "file");
  restore_link(with.dir / "outside/victim", root / "a.tmp");
  restore_link("../outside/new", root / "b.tmp");
  restore_link("..", root / "up");
}

// The directories that such links, or `..`, make of `outside`.
std::vector<std::string> ways_out(const fixture& with) {
  return {"absolute",   "relative",       "d/deep",
          "chain",      "up/outside",     "far" + (with.dir / "outside"),
          "../outside", "d/../../outside"};
}

std::vector<std::string> hostile_paths(const fixture& with) {
  std::vector<std::string> out{"file", "a.txt", "b.txt",
                               "up",   "..",    "missing/../../outside/new"};
  for (const auto& way : ways_out(with))
    for (const auto* rest : {"", "/victim", "/new", "/new/child"})
      out.push_back(way + rest);
  return out;
}

} // namespace

TEST_CASE("the ways out of this test lead out where nothing confines") {
  const fixture with{profile::v4_0};
  make_hostile_links(with);
  for (const auto& way : ways_out(with))
    CHECK(read_file(with.root + "/" + way + "/victim") == "untouched");
}

TEST_CASE("nothing is written out of the root, whatever the links say") {
  for (const auto which : all_profiles)
    for (const auto mode : {file_mode, dir_mode, link_mode})
      for (const std::string data : {"evil", ""}) {
        CAPTURE(agent_version(which));
        CAPTURE(mode);
        const fixture with{which};
        tree_text_options all_but_share;
        all_but_share.leave_out = [](const std::string& path) {
          return path == "share";
        };
        const auto before = describe_tree(with.dir.path(), all_but_share);
        for (const auto& path : hostile_paths(with)) {
          make_hostile_links(with);
          CAPTURE(path);
          // Success or failure is not the point here.
          static_cast<void>(with.send(path, mode, data));
          static_cast<void>(with.send(path, mode, data, 99, 4));
          CHECK(describe_tree(with.dir.path(), all_but_share) == before);
        }
      }
}

TEST_CASE("from 4.0 on an absolute link is one inside the share") {
  const fixture with{profile::v4_0};
  fs::create_directory(fs::path{with.root} / "real");
  fs::create_directory_symlink("/real", fs::path{with.root} / "link");
  REQUIRE(with.send("link/d", dir_mode, ""));
  CHECK(fs::is_directory(fs::path{with.root} / "real/d"));
}

TEST_CASE("a file sent through a link is the file that the link names") {
  for (const auto which : all_profiles) {
    const fixture with{which};
    fs::create_directory(fs::path{with.root} / "real");
    fs::create_directory_symlink("real", fs::path{with.root} / "link");
    REQUIRE(with.send("link/f", file_mode, "text"));
    CHECK(read_file(with.root + "/real/f") == "text");
  }
}

TEST_CASE("parents are made up to 4.1, and are missing from 4.2 on") {
  for (const auto which : all_profiles)
    for (const auto mode : {file_mode, dir_mode, link_mode}) {
      CAPTURE(agent_version(which));
      CAPTURE(mode);
      const fixture with{which};
      const auto sent = with.send("a/b", mode, "x");
      const bool makes = which != profile::v4_2;
      CHECK(static_cast<bool>(sent) == makes);
      CHECK(fs::exists(fs::path{with.root} / "a") == makes);
      if (!makes) {
        CHECK(sent.err().code == errc::internal);
        CHECK(sent.err().message.find("No such file or directory")
              != std::string::npos);
        REQUIRE(with.send("a", dir_mode, ""));
        CHECK(with.send("a/b", mode, "x"));
      }
    }
}

TEST_CASE("a parent keeps its owner but on 4.0") {
  if (::geteuid() != 0)
    FAIL("needs root");
  for (const auto which : all_profiles)
    for (const auto mode : {file_mode, dir_mode, link_mode}) {
      CAPTURE(agent_version(which));
      CAPTURE(mode);
      const fixture with{which};
      REQUIRE(with.send("d", dir_mode, ""));
      copy_file_request request;
      request.path = std::string{share_root} + "/d/e";
      request.file_mode = mode;
      request.dir_mode = 0755;
      request.uid = 7;
      request.gid = 8;
      const auto sent = with.store->copy_file(request);
      // Of a link without a target only the parent is changed.
      CHECK(static_cast<bool>(sent) == (mode != link_mode));
      struct stat found {};
      REQUIRE(::stat((with.root + "/d").c_str(), &found) == 0);
      CHECK(found.st_uid == (which == profile::v4_0 ? 7 : 0));
      CHECK(found.st_gid == (which == profile::v4_0 ? 8 : 0));
    }
}

TEST_CASE("files of one temp name that are sent at once destroy each other") {
  for (const auto which : all_profiles) {
    CAPTURE(agent_version(which));
    const fixture with{which};
    CHECK(with.send("tls.crt", file_mode, "CRT1", 8, 0));
    CHECK(with.send("tls.key", file_mode, "KEY1", 8, 0));
    CHECK(with.send("tls.crt", file_mode, "CRT2", 8, 4));
    CHECK(with.send("tls.key", file_mode, "KEY2", 8, 4));
    CHECK(read_file(with.root + "/tls.crt") == "KEY1CRT2");
    CHECK(read_file(with.root + "/tls.key") == std::string("\0\0\0\0KEY2", 8));
  }
}

TEST_CASE("files of one temp name that are sent one by one both arrive") {
  for (const auto which : all_profiles) {
    const fixture with{which};
    CHECK(with.send("tls.crt", file_mode, "CRT1", 8, 0));
    CHECK(with.send("tls.crt", file_mode, "CRT2", 8, 4));
    CHECK(with.send("tls.key", file_mode, "KEY1", 8, 0));
    CHECK(with.send("tls.key", file_mode, "KEY2", 8, 4));
    CHECK(read_file(with.root + "/tls.crt") == "CRT1CRT2");
    CHECK(read_file(with.root + "/tls.key") == "KEY1KEY2");
  }
}

TEST_CASE("the share itself is never replaced") {
  for (const auto which : all_profiles) {
    const fixture with{which};
    REQUIRE(with.send("keep", file_mode, "x"));
    for (const auto mode : {file_mode, link_mode})
      for (const auto* path : {"", "/", "."})
        CHECK(with.send(path, mode, "y").err().code == errc::internal);
    CHECK(read_file(with.root + "/keep") == "x");
  }
}

TEST_CASE("a FIFO in the place of a temporary does not hang a worker") {
  for (const auto which : {profile::v3_3, profile::v3_18}) {
    const fixture with{which};
    REQUIRE(::mkfifo((with.root + "/f.tmp").c_str(), 0600) == 0);
    CHECK(with.send("f.txt", file_mode, "x").err().code == errc::internal);
  }
}

TEST_CASE("a root that does not exist is refused by name") {
  const temp_dir dir;
  const auto opened = file_store::open(dir / "missing", profile::v4_0);
  REQUIRE_FALSE(opened);
  CHECK(opened.err().code == errc::not_found);
  CHECK(opened.err().message.find(dir / "missing") != std::string::npos);
}
