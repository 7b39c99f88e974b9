// SPDX-License-Identifier: Apache-2.0
#include "sys/journal/state_files.hpp"

#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

std::map<std::string, std::string> texts_of(const state_files& files) {
  const auto found = files.read_all();
  REQUIRE(found);
  std::map<std::string, std::string> out;
  for (const auto& each : *found)
    out[each.sandbox_id] = each.text ? *each.text : each.text.err().message;
  return out;
}

unsigned mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

} // namespace

TEST_SUITE_BEGIN("sys/journal/state_files");

TEST_CASE("a file is written anew, appended to, read and removed") {
  const temp_dir dir;
  const state_files files{dir / "a/state"};
  CHECK(texts_of(files).empty());
  // Its directory is made when it is needed.
  REQUIRE(files.replace("sb", "one\n"));
  CHECK(mode_of(dir / "a/state") == 0700);
  CHECK(mode_of(dir / "a/state/sb.jsonl") == 0600);
  REQUIRE(files.append("sb", "two\n"));
  REQUIRE(files.replace("other", "x\n"));
  CHECK(texts_of(files)
        == std::map<std::string, std::string>{{"sb", "one\ntwo\n"},
                                              {"other", "x\n"}});
  REQUIRE(files.replace("sb", "three\n"));
  CHECK(texts_of(files).at("sb") == "three\n");
  REQUIRE(files.remove("other"));
  REQUIRE(files.remove("other"));
  CHECK(texts_of(files).size() == 1);
}

TEST_CASE("nothing is appended to a file that somebody has removed") {
  const temp_dir dir;
  const state_files files{dir.path()};
  REQUIRE(files.replace("sb", "one\n"));
  fs::remove(dir / "sb.jsonl");
  const auto failed = files.append("sb", "two\n");
  REQUIRE(!failed);
  CHECK(failed.err().code == errc::not_found);
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("what is set aside is not read, and what was cut off goes") {
  const temp_dir dir;
  const state_files files{dir.path()};
  REQUIRE(files.replace("sb", "one\n"));
  REQUIRE(files.set_aside("sb"));
  REQUIRE(files.replace("other", "x\n"));
  dir.write("cut.jsonl.new", "half");
  dir.write("README", "");
  dir.write(".hidden.jsonl", "");
  dir.make_dir("dir.jsonl");
  fs::create_symlink("/etc/passwd", dir / "link.jsonl");
  const auto found = texts_of(files);
  CHECK(found.size() == 3);
  CHECK(found.at("other") == "x\n");
  // Nothing but files is read.
  CHECK(found.at("dir").find("is no regular file") != std::string::npos);
  CHECK(found.at("link").find("open ") == 0);
  CHECK(fs::exists(dir / "sb.jsonl.aside"));
  CHECK(!fs::exists(dir / "cut.jsonl.new"));
  CHECK(fs::exists(dir / "README"));
}

TEST_CASE("what was set aside is listed by its sandbox, and removed alone") {
  const temp_dir dir;
  const state_files files{dir.path()};
  for (const auto* id : {"b", "a.jsonl", "c"}) {
    REQUIRE(files.replace(id, "one\n"));
    REQUIRE(files.set_aside(id));
  }
  dir.write("-no-id.jsonl.aside", "");
  REQUIRE(files.replace("b", "two\n"));
  CHECK(files.sandboxes_set_aside()
        == std::vector<std::string>{"a.jsonl", "b", "c"});
  CHECK(files.remove_aside("b"));
  CHECK(files.remove_aside("b"));
  CHECK(files.sandboxes_set_aside()
        == std::vector<std::string>{"a.jsonl", "c"});
  CHECK(texts_of(files).at("b") == "two\n");
  dir.make_dir("d.jsonl.aside");
  CHECK_FALSE(files.remove_aside("d"));
}

TEST_CASE("a directory that cannot be written to fails with its name, and what "
          "is there stays") {
  const temp_dir dir;
  dir.write("file", "");
  const state_files files{dir / "file/state"};
  for (const auto& failed :
       {files.replace("sb", "x"), files.append("sb", "x"), files.make_dir()}) {
    REQUIRE(!failed);
    CHECK(failed.err().message.find(dir / "file") != std::string::npos);
  }
  CHECK(!files.read_all());
  const state_files full{dir / "state"};
  REQUIRE(full.replace("sb", "one\n"));
  // In the way of what replaces it.
  dir.make_dir("state/sb.jsonl.new");
  CHECK(!full.replace("sb", "two\n"));
  fs::remove(dir / "state/sb.jsonl.new");
  CHECK(texts_of(full).at("sb") == "one\n");
}

TEST_CASE("the boot has an id") {
  const auto id = read_boot_id();
  REQUIRE(id);
  CHECK(id->size() == 36);
}

TEST_SUITE_END();
