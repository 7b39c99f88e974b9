// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rotator.hpp"

#include "core/volume/volume_shape.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <filesystem>
#include <stdexcept>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

namespace fs = std::filesystem;
using enum rotation_step;

constexpr kubelet_order orders[] = {
  kubelet_order::to_1_22, kubelet_order::from_1_23, kubelet_order::from_1_27};

tree_text_options names_only() {
  tree_text_options options;
  options.modes = false;
  options.owners = false;
  options.root = false;
  return options;
}

/// Which steps a rotation takes, in order.
std::vector<rotation_step> steps_of(rotator& kubelet, payload files) {
  std::vector<rotation_step> out;
  kubelet.begin(std::move(files));
  while (const auto next = kubelet.next()) {
    out.push_back(*next);
    kubelet.step();
  }
  return out;
}

bool has(const std::string& path) {
  return fs::exists(fs::symlink_status(path));
}

mode_t mode_of(const std::string& path) {
  return static_cast<mode_t>(fs::symlink_status(path).permissions());
}

} // namespace

TEST_SUITE_BEGIN("support/rotator");

TEST_CASE("every kubelet leaves the same volume") {
  for (const auto order : orders) {
    const temp_dir dir;
    rotator kubelet{dir.path(), order};
    kubelet.rotate({{"a", {"1"}}, {"b/c", {"2"}}, {"gone", {"3"}}});
    kubelet.rotate({{"a", {"1!"}}, {"b/c", {"2"}}, {"new/x/y", {"4"}}});

    const auto now = kubelet.current();
    CHECK(is_generation_name(now));
    CHECK(now == kubelet.written());
    CHECK(read_file(dir / "a") == "1!");
    CHECK(read_file(dir / "b/c") == "2");
    CHECK(read_file(dir / "new/x/y") == "4");
    CHECK_FALSE(has(dir / "gone"));
    CHECK(fs::read_symlink(dir / "new") == "..data/new");
    std::size_t entries = 0;
    for ([[maybe_unused]] const auto& entry :
         fs::directory_iterator{dir.path()})
      ++entries;
    CHECK(entries == 5); // the generation, ..data, a, b, new
  }
}

TEST_CASE("visible links come before the flip up to 1.22 and after it since") {
  const std::vector<rotation_step> to_1_22{
    validate,    read_current, find_removed,  compare, make_generation,
    write_files, add_links,    link_data_tmp, flip,    remove_links,
    remove_old,  own_volume};
  const std::vector<rotation_step> from_1_23{
    validate,        read_current, find_removed,  compare,
    make_generation, write_files,  link_data_tmp, flip,
    add_links,       remove_links, remove_old,    own_volume};
  const std::vector<rotation_step> from_1_27{
    validate,     read_current,   find_removed,  compare, make_generation,
    write_files,  own_generation, link_data_tmp, flip,    add_links,
    remove_links, remove_old};
  const temp_dir dir;
  const auto taken = [&](kubelet_order order, const char* name) {
    rotator kubelet{dir.make_dir(name), order};
    return steps_of(kubelet, {{"k", {"v"}}});
  };
  CHECK(taken(kubelet_order::to_1_22, "a") == to_1_22);
  CHECK(taken(kubelet_order::from_1_23, "b") == from_1_23);
  CHECK(taken(kubelet_order::from_1_27, "c") == from_1_27);
}

TEST_CASE("a sync without a change writes nothing") {
  for (const auto order : orders) {
    const temp_dir dir;
    rotator kubelet{dir.path(), order};
    kubelet.rotate({{"k", {"v"}}});
    const auto before = describe_tree(dir.path());

    kubelet.rotate({{"k", {"v"}}});

    CHECK(describe_tree(dir.path()) == before);
    CHECK(kubelet.written().empty());
  }
}

TEST_CASE("a deleted key alone is a change") {
  const temp_dir dir;
  rotator kubelet{dir.path(), kubelet_order::from_1_27};
  kubelet.rotate({{"k", {"v"}}, {"n/a", {"1"}}, {"n/b", {"2"}}});
  const auto before = kubelet.current();

  kubelet.rotate({{"k", {"v"}}, {"n/a", {"1"}}});

  CHECK(kubelet.current() != before);
  CHECK(has(dir / "n/a"));
  CHECK_FALSE(has(dir / "n/b"));
}

TEST_CASE("between two steps the volume is as the kubelet has it there") {
  const temp_dir dir;
  rotator kubelet{dir.path(), kubelet_order::from_1_27};
  kubelet.rotate({{"old", {"1"}}});
  const auto first = kubelet.current();

  kubelet.begin({{"new", {"2"}}});
  kubelet.run_until(flip);
  CHECK(kubelet.current() == first);
  CHECK(fs::read_symlink(dir / "..data_tmp") == kubelet.written());
  REQUIRE(kubelet.step());
  CHECK(kubelet.current() == kubelet.written());
  CHECK_FALSE(has(dir / "..data_tmp"));
  CHECK_FALSE(has(dir / "new"));
  kubelet.run_until(remove_links);
  CHECK(has(dir / "new"));
  CHECK(has(dir / "old"));
  kubelet.run_until(remove_old);
  CHECK_FALSE(has(dir / "old"));
  CHECK(has(dir / first));
  kubelet.finish();
  CHECK_FALSE(has(dir / first));
  CHECK_FALSE(kubelet.step());
}

TEST_CASE("a kubelet that died anywhere is followed by one that goes on") {
  const temp_dir scratch;
  rotator model{scratch.make_dir("model"), kubelet_order::from_1_27};
  model.rotate({{"a", {"1"}}});
  const auto steps = steps_of(model, {{"a", {"2"}}, {"b", {"2"}}}).size();
  for (std::size_t died_after = 0; died_after <= steps; ++died_after) {
    CAPTURE(died_after);
    const auto dir = scratch.make_dir("v" + std::to_string(died_after));
    rotator first{dir, kubelet_order::from_1_27};
    first.rotate({{"a", {"1"}}});
    first.begin({{"a", {"2"}}, {"b", {"2"}}});
    for (std::size_t i = 0; i < died_after; ++i)
      first.step();

    rotator second{dir, kubelet_order::from_1_27};
    second.rotate({{"b", {"3"}}});

    CHECK(read_file(dir + "/b") == "3");
    // A link that only the lost generation had stays dangling, as on a node.
    CHECK((second.written() != first.written() || died_after < 5));
  }
}

TEST_CASE("names of generations follow each other and are never used twice") {
  const temp_dir dir;
  rotator kubelet{dir.path(), kubelet_order::from_1_27};
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) {
    kubelet.rotate({{"k", {std::to_string(i)}}});
    CHECK(is_generation_name(kubelet.current()));
    CHECK(names.insert(kubelet.current()).second);
  }
  CHECK(*names.rbegin() == kubelet.current());
}

TEST_CASE("files get their modes and an fsGroup the whole volume") {
  const auto group = ::getegid();
  for (const auto order : orders) {
    const temp_dir dir;
    rotator kubelet{dir.path(), order, group};
    fs::permissions(dir.path(), fs::perms{0777});
    kubelet.begin({{"k", {"v", 0400}}});
    kubelet.run_until(flip);
    const bool early = order == kubelet_order::from_1_27;
    CHECK(mode_of(dir.path()) == (early ? 02777 : 0777));
    kubelet.finish();
    CHECK(mode_of(dir.path()) == 02777);
    CHECK(mode_of(dir / kubelet.current()) == 02755);
    CHECK(mode_of(dir / kubelet.current() + "/k") == 0440);
  }
}

TEST_CASE("a payload that the kubelet refuses is refused before any write") {
  const temp_dir dir;
  rotator kubelet{dir.path(), kubelet_order::from_1_27};
  for (const auto* path : {"", "/a", "../a", "a/../b", "..a", "a//b"}) {
    CAPTURE(path);
    CHECK_THROWS_AS(kubelet.rotate({{path, {"v"}}}), std::runtime_error);
  }
  CHECK(describe_tree(dir.path(), names_only()).empty());
}

TEST_CASE("a listing shows every difference and leaves out what is asked") {
  const temp_dir dir;
  dir.write("a/k", "secret");
  fs::create_symlink("a/k", dir / "l");
  fs::permissions(dir / "a/k", fs::perms{0600});
  const auto all = describe_tree(dir.path());
  CHECK(all.find("secret") == std::string::npos);
  CHECK(all.find("0600") != std::string::npos);
  CHECK(all.find(" l -> a/k\n") != std::string::npos);
  CHECK(all.find(" a/k 6 bytes ") != std::string::npos);

  dir.write("a/k", "Secret");
  CHECK(describe_tree(dir.path()) != all);
  dir.write("a/k", "secret");
  CHECK(describe_tree(dir.path()) == all);
  auto without = names_only();
  without.leave_out = [](const std::string& path) {
    return path == "a";
  };
  CHECK(describe_tree(dir.path(), without) == "link l -> a/k\n");
}

TEST_SUITE_END();
