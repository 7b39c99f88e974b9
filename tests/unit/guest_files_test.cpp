// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_files.hpp"

#include "core/copy/guest_job.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;

namespace {

tree_entry file_of(const std::string& path, std::uint64_t size,
                   const std::string& content = {}) {
  tree_entry out;
  out.type = entry_type::file;
  out.path = path;
  out.size = size;
  if (!content.empty())
    out.content = make_secret_blob(bytes(content.begin(), content.end()));
  return out;
}

tree_entry directory_of(const std::string& path) {
  tree_entry out;
  out.path = path;
  return out;
}

/// What is known of some files.
struct known {
  known() {
    add({"/g/v/..1", {{"a", 1}, {"d/b", 2}, {"d/c", 3}}, {"d/b"}});
    add({"/g/v", {{"beside", 4}}, {}});
    add({"/g/v2", {{"", 5}}, {}});
  }
  bool add(const guest_files& more) {
    return add_files(files, more);
  }
  bool forget(const std::string& path) {
    return forget_files(files, path);
  }

  guest_file_map files;
};

} // namespace

TEST_SUITE_BEGIN("core/copy/guest_files");

TEST_CASE("of a tree its files count, with their sizes, and which are sealed") {
  tree_snapshot tree;
  tree.entries = {directory_of(""), file_of("a", 3), directory_of("d"),
                  file_of("d/b", 8, "sealed.x"), file_of("\xff", 1)};
  const auto got = files_of(tree, "/g/t");
  CHECK(got == guest_files{"/g/t", {{"a", 3}, {"d/b", 8}}, {"d/b"}});
  tree.entries = {file_of("", 7)};
  CHECK(files_of(tree, "/g/f") == guest_files{"/g/f", {{"", 7}}, {}});
}

TEST_CASE("a push makes those of its generation, the first also those beside "
          "it, and what removes makes none") {
  volume_snapshot volume;
  volume.tree.entries = {directory_of(""), file_of("key", 3)};
  volume.others.entries = {file_of("beside", 5)};
  push_order push{std::make_shared<const volume_snapshot>(volume), {}};
  push.options.guest_root = "/g/v";
  push.options.attempt_name = "..1";
  const guest_files generation{"/g/v/..1", {{"key", 3}}, {}};
  CHECK(guest_job{guest_order{push}}.files() == std::vector{generation});
  push.options.send_others = true;
  const guest_files beside{"/g/v", {{"beside", 5}}, {}};
  CHECK(guest_job{guest_order{push}}.files()
        == std::vector{generation, beside});
  const auto tree = std::make_shared<const tree_snapshot>(volume.tree);
  CHECK(guest_job{tree_order{tree, "/g/t"}}.files()
        == std::vector{guest_files{"/g/t", {{"key", 3}}, {}}});
  const removal_order removal{{removal_step("/g/v", 0, 0)}};
  CHECK(guest_job{guest_order{removal}}.files().empty());
}

TEST_CASE(
  "files that are added again keep the larger size, and whether that is "
  "news is told") {
  known of;
  CHECK_FALSE(of.add({"/g/v", {{"beside", 3}}, {}}));
  CHECK(of.files.at("/g/v").sizes.at("beside") == 4);
  CHECK(of.add({"/g/v", {{"beside", 9}, {"new", 0}}, {"new"}}));
  CHECK(of.files.at("/g/v")
        == guest_files{"/g/v", {{"beside", 9}, {"new", 0}}, {"new"}});
  CHECK(of.add({"/g", {}, {}}));
  CHECK_FALSE(of.add({"/g", {}, {}}));
}

TEST_CASE("what is at and below a path is forgotten, and nothing beside it") {
  known of;
  const auto before = of.files;
  CHECK_FALSE(of.forget("/g/v/..2"));
  CHECK_FALSE(of.forget("/g/v/..1/d/x"));
  CHECK_FALSE(of.forget("/g/v3"));
  CHECK(of.files == before);
  CHECK(of.forget("/g/v/..1/d"));
  CHECK(of.files.at("/g/v/..1") == guest_files{"/g/v/..1", {{"a", 1}}, {}});
  CHECK(of.forget("/g/v"));
  CHECK(of.files.size() == 1);
  CHECK(of.files.contains("/g/v2"));
  CHECK(of.forget("/g/v2"));
  CHECK(of.files.empty());
}

TEST_SUITE_END();
