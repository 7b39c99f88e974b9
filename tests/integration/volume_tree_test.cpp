// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/volume_tree.hpp"

#include "core/paths.hpp"
#include "tests/support/hanging_fuse.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_entries.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

using strings = std::vector<std::string>;

std::string text_of(const tree_entry& entry) {
  REQUIRE(entry.content);
  return std::string{as_text(*entry.content)};
}

// A volume as a kubelet writes it, in a directory of its own.
struct volume_fixture {
  temp_dir dir;
  std::string path = dir.make_dir("volume");
  rotator kubelet{path, kubelet_order::from_1_27};

  result<volume_snapshot_ptr> load(const checkpoint& between = {}) const {
    return load_generation(path, default_volume_limits, between);
  }
};

} // namespace

TEST_SUITE_BEGIN("sys/tree/volume_tree");

TEST_CASE("a generation is read whole: nesting, modes, contents, links") {
  volume_fixture f;
  f.kubelet.rotate({{"key", {"one", 0640}}, {"nested/deep/file", {"two"}}});
  const auto read = f.load();
  REQUIRE(read);
  const auto& volume = **read;
  CHECK(volume.id.name == f.kubelet.current());
  CHECK(paths(volume.tree)
        == strings{"", "key", "nested", "nested/deep", "nested/deep/file"});
  const auto& key = entry_at(volume.tree, "key");
  CHECK(key.type == entry_type::file);
  CHECK(key.mode == 0640);
  CHECK(key.uid == getuid());
  CHECK(key.size == 3);
  CHECK(text_of(key) == "one");
  CHECK(text_of(entry_at(volume.tree, "nested/deep/file")) == "two");
  CHECK(volume.tree.total_bytes == 6);
  CHECK(volume.links == strings{"key", "nested"});
  CHECK(volume.others.entries.empty());
  CHECK(volume.root.mode
        == static_cast<unsigned>(fs::status(f.path).permissions()));
}

TEST_CASE("an unchanged volume has the same digest each time it is read") {
  volume_fixture f;
  f.kubelet.rotate({{"key", {"one"}}});
  const auto first = f.load();
  const auto second = f.load();
  const auto id = load_generation_id(f.path, default_volume_limits);
  REQUIRE(first);
  REQUIRE(second);
  REQUIRE(id);
  CHECK((*first)->id == (*second)->id);
  CHECK((*first)->id == *id);
}

TEST_CASE("a mode changed in place changes the digest and not the name") {
  volume_fixture f;
  f.kubelet.rotate({{"key", {"one"}}});
  const auto before = load_generation_id(f.path, default_volume_limits);
  REQUIRE(before);
  const auto differs = [&](const std::string& path, mode_t mode) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    const auto after = load_generation_id(f.path, default_volume_limits);
    REQUIRE(after);
    CHECK(after->name == before->name);
    return after->digest != before->digest;
  };
  const auto key = join(join(f.path, before->name), "key");
  CHECK(differs(key, 0600));
  CHECK_FALSE(differs(key, 0644));
  CHECK(differs(f.path, 02750));
}

TEST_CASE("directories and files beside the generation are read, not links") {
  volume_fixture f;
  f.kubelet.rotate({{"key", {"one"}}, {"mnt", {"x"}}});
  fs::remove(f.path + "/mnt");
  f.dir.write("volume/mnt/inner/file", "below");
  f.dir.write("volume/plain", "text");
  f.dir.make_dir("volume/..2020_01_01_00_00_00.1");
  fs::create_symlink("/etc", f.path + "/stray");
  REQUIRE(mkfifo((f.path + "/pipe").c_str(), 0600) == 0);
  const auto read = f.load();
  REQUIRE(read);
  CHECK(paths((*read)->others)
        == strings{"mnt", "mnt/inner", "mnt/inner/file", "plain"});
  CHECK(text_of(entry_at((*read)->others, "plain")) == "text");
  CHECK((*read)->others.skipped == skipped_list{{"pipe", "is a FIFO"}});
}

TEST_CASE("contents for which there is no memory are left, and what they need "
          "is known") {
  volume_fixture f;
  f.kubelet.rotate(
    {{"a", {std::string(10'000, 'a')}}, {"b", {std::string(10'000, 'b')}}});
  const auto all = f.load();
  REQUIRE(all);
  const auto needed = (*all)->memory_bytes();
  CHECK(needed > 20'000);
  CHECK(needed < 30'000);
  for (const std::uint64_t memory :
       {std::uint64_t{0}, needed / 2, std::uint64_t{15'000}}) {
    const auto part
      = load_generation(f.path, default_volume_limits, {}, memory);
    REQUIRE(part);
    CHECK((*part)->memory_bytes() == needed);
    // In whichever order they were read.
    CHECK_FALSE((entry_at((*part)->tree, "a").content
                 && entry_at((*part)->tree, "b").content));
  }
  const auto whole = load_generation(f.path, default_volume_limits, {}, needed);
  REQUIRE(whole);
  CHECK(entry_at((*whole)->tree, "a").content);
  CHECK(entry_at((*whole)->tree, "b").content);
}

TEST_CASE("a rotation at any moment is superseded or leaves one generation") {
  bool superseded = false;
  bool untouched = false;
  // Each round rotates at the next checkpoint; until none is reached.
  for (int at = 0;; ++at) {
    volume_fixture f;
    f.kubelet.rotate({{"a", {"old"}}, {"b", {"old"}}, {"dir/c", {"old"}}});
    int reached = 0;
    const auto read = f.load([&] {
      if (reached++ == at)
        f.kubelet.rotate({{"a", {"new"}}, {"b", {"new"}}, {"dir/d", {"new"}}});
    });
    if (reached <= at)
      break;
    if (!read) {
      CHECK_MESSAGE(read.err().code == errc::aborted, read.err().message);
      superseded = true;
      continue;
    }
    untouched = true;
    CHECK((*read)->id.name == f.kubelet.current());
    for (const auto& entry : (*read)->tree.entries)
      if (entry.type == entry_type::file)
        CHECK(text_of(entry) == "new");
  }
  CHECK(superseded);
  CHECK(untouched);
}

TEST_CASE("single steps of a rotation never show a mixture") {
  for (const auto order : {kubelet_order::to_1_22, kubelet_order::from_1_23,
                           kubelet_order::from_1_27}) {
    // A whole rotation is spread over the reading, from checkpoint `at` on.
    for (int at = 0; at < 25; ++at) {
      temp_dir dir;
      const auto path = dir.make_dir("volume");
      rotator kubelet{path, order};
      kubelet.rotate({{"a", {"old"}}, {"b", {"old"}}});
      kubelet.begin({{"a", {"new"}}, {"c", {"new"}}});
      int reached = 0;
      const auto read = load_generation(path, default_volume_limits, [&] {
        if (reached++ >= at)
          kubelet.step();
      });
      if (!read) {
        CHECK_MESSAGE(read.err().code == errc::aborted, read.err().message);
        continue;
      }
      const bool is_new = (*read)->links == strings{"a", "c"};
      CHECK((is_new || (*read)->links == strings{"a", "b"}));
      for (const auto& name : (*read)->links)
        CHECK(text_of(entry_at((*read)->tree, name))
              == (is_new ? "new" : "old"));
    }
  }
}

TEST_CASE("a file rewritten while it is read is read again") {
  volume_fixture f;
  f.kubelet.rotate({{"key", {"short"}}});
  const auto key = join(join(f.path, f.kubelet.current()), "key");
  // The checkpoints inside a file's reading: after stat, after reading.
  int rewritten = 0;
  for (int at = 0;; ++at) {
    std::ofstream{key} << "short";
    int reached = 0;
    const auto read = f.load([&] {
      if (reached++ == at)
        std::ofstream{key} << "much longer";
    });
    if (reached <= at)
      break;
    REQUIRE(read);
    const auto& entry = entry_at((*read)->tree, "key");
    CHECK(entry.size == entry.content->size());
    CHECK((text_of(entry) == "short" || text_of(entry) == "much longer"));
    rewritten += text_of(entry) == "much longer" ? 1 : 0;
  }
  CHECK(rewritten > 0);
}

TEST_CASE("a file that changes all the time is given up as superseded") {
  volume_fixture f;
  f.kubelet.rotate({{"key", {"x"}}});
  const auto key = join(join(f.path, f.kubelet.current()), "key");
  std::string text = "x";
  const auto read = f.load([&] {
    std::ofstream{key} << (text += "more and more");
  });
  REQUIRE_FALSE(read);
  CHECK(read.err().code == errc::aborted);
  CHECK(read.err().message.find("more") == std::string::npos);
}

TEST_CASE("what is no volume is refused with the reason") {
  temp_dir dir;
  const auto refusal = [&](const char* name) {
    const auto read = load_generation(dir / name, default_volume_limits);
    REQUIRE_FALSE(read);
    CHECK(read.err().message.find(name) != std::string::npos);
    return read.err().code;
  };
  dir.make_dir("empty");
  CHECK(refusal("empty") == errc::failed_precondition);
  dir.write("file/..data", "no link");
  CHECK(refusal("file") == errc::failed_precondition);
  for (const char* target :
       {"/etc", "..", "../..", "plain", "..data", "..a/b", ".hidden"}) {
    const auto path = dir.make_dir("wrong");
    dir.make_dir("wrong/plain");
    fs::remove(path + "/..data");
    fs::create_symlink(target, path + "/..data");
    CHECK_MESSAGE(refusal("wrong") == errc::failed_precondition, target);
    CHECK_FALSE(load_generation_name(path));
  }
  CHECK(refusal("missing") == errc::not_found);
}

TEST_CASE("..data that names a file or nothing is no generation") {
  temp_dir dir;
  dir.write("v/..file", "x");
  fs::create_symlink("..file", dir / "v/..data");
  const auto file = load_generation(dir / "v", default_volume_limits);
  REQUIRE_FALSE(file);
  CHECK(file.err().code == errc::failed_precondition);
  fs::remove(dir / "v/..file");
  const auto nothing = load_generation(dir / "v", default_volume_limits);
  REQUIRE_FALSE(nothing);
  CHECK(nothing.err().code == errc::aborted);
}

TEST_CASE("a symlink in place of the generation is not followed") {
  temp_dir dir;
  dir.write("outside/secret", "x");
  dir.make_dir("v");
  fs::create_symlink("../outside", dir / "v/..gen");
  fs::create_symlink("..gen", dir / "v/..data");
  CHECK_FALSE(load_generation(dir / "v", default_volume_limits));
}

TEST_CASE("only the name of a generation can be asked for") {
  volume_fixture f;
  f.kubelet.rotate({{"key", {"one"}}});
  const auto name = load_generation_name(f.path);
  REQUIRE(name);
  CHECK(*name == f.kubelet.current());
}

TEST_CASE("a passed limit is refused with the numbers") {
  volume_fixture f;
  f.kubelet.rotate({{"a", {"12345"}}, {"b", {"123"}}});
  const auto refusal = [&](read_limits limits) {
    const auto read = load_generation(f.path, limits);
    REQUIRE_FALSE(read);
    CHECK(read.err().code == errc::resource_exhausted);
    return read.err().message;
  };
  CHECK(refusal({2, 100, 100}).find("3 entries, more than the limit of 2")
        != std::string::npos);
  CHECK(refusal({9, 4, 100}).find("5 bytes, more than the limit of 4")
        != std::string::npos);
  CHECK(refusal({9, 100, 7}).find("8 bytes, more than the limit of 7")
        != std::string::npos);
  CHECK(load_generation(f.path, {3, 5, 8}));
}

TEST_CASE(
  "files of a volume of which stat tells another size are read to their "
  "end, too") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: " << work.unavailable());
    return;
  }
  using kind = fuse_node::kind;
  const std::string dir = "..2026_01_01_00_00_00.1";
  const std::string text(9000, 'x');
  const hanging_fuse volume{work.make_dir("v"),
                            {{"..data", {kind::symlink, dir}},
                             {dir, {kind::directory}},
                             {dir + "/empty", {kind::file, text, 0}},
                             {dir + "/more", {kind::file, text, 4096}},
                             {dir + "/less", {kind::file, "x", 4096}}}};
  const auto read = load_generation(volume.path(), default_volume_limits);
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  for (const char* name : {"empty", "more"}) {
    CHECK(text_of(entry_at((*read)->tree, name)) == text);
    CHECK(entry_at((*read)->tree, name).size == 9000);
  }
  CHECK(text_of(entry_at((*read)->tree, "less")) == "x");
  read_limits small = default_volume_limits;
  small.bytes_per_file = 8000;
  const auto refused = load_generation(volume.path(), small);
  REQUIRE_FALSE(refused);
  CHECK(refused.err().code == errc::resource_exhausted);
}

TEST_SUITE_END();
