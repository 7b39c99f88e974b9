// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_digest.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

tree_snapshot sample() {
  tree_snapshot tree;
  tree.entries.resize(2);
  tree.entries[1].path = "key";
  tree.entries[1].type = entry_type::file;
  tree.entries[1].mode = 0644;
  return tree;
}

} // namespace

TEST_SUITE_BEGIN("core/volume/volume_digest");

TEST_CASE("equal trees have equal digests") {
  CHECK(volume_digest({}, sample()) == volume_digest({}, sample()));
}

TEST_CASE("path, type, mode and owner of every entry count") {
  const auto plain = volume_digest({}, sample());
  const auto differs = [&](auto change) {
    auto tree = sample();
    change(tree.entries[1]);
    return volume_digest({}, tree) != plain;
  };
  CHECK(differs([](tree_entry& e) {
    e.path = "kez";
  }));
  CHECK(differs([](tree_entry& e) {
    e.type = entry_type::symlink;
  }));
  CHECK(differs([](tree_entry& e) {
    e.mode = 0600;
  }));
  CHECK(differs([](tree_entry& e) {
    e.uid = 1;
  }));
  CHECK(differs([](tree_entry& e) {
    e.gid = 1;
  }));
  tree_entry root;
  root.gid = 2000;
  CHECK(volume_digest(root, sample()) != plain);
  auto shorter = sample();
  shorter.entries.pop_back();
  CHECK(volume_digest({}, shorter) != plain);
}

TEST_CASE("contents do not count: no generation's name is used twice") {
  auto tree = sample();
  tree.entries[1].size = 5;
  CHECK(volume_digest({}, tree) == volume_digest({}, sample()));
}

TEST_SUITE_END();
