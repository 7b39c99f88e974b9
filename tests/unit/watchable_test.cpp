// SPDX-License-Identifier: Apache-2.0
#include "core/share/watchable.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

tree_entry entry(std::string path, entry_type type, std::uint64_t size = 0) {
  tree_entry made;
  made.path = std::move(path);
  made.type = type;
  made.size = size;
  return made;
}

// A volume as the AtomicWriter leaves it.
tree_snapshot volume_of(int keys, std::uint64_t bytes_each = 1) {
  const std::string generation = "..2026_01_02_03_04_05.123456789";
  tree_snapshot volume;
  volume.entries
    = {entry("", entry_type::directory), entry("..data", entry_type::symlink),
       entry(generation, entry_type::directory)};
  for (int i = 0; i < keys; ++i) {
    const auto key = "key" + std::to_string(i);
    auto path = generation;
    path.append("/").append(key);
    volume.entries.push_back(entry(path, entry_type::file, bytes_each));
    volume.entries.push_back(entry(key, entry_type::symlink));
  }
  return volume;
}

tree_snapshot files_of(int files, std::uint64_t bytes_each = 1) {
  tree_snapshot volume;
  volume.entries = {entry("", entry_type::directory)};
  for (int i = 0; i < files; ++i)
    volume.entries.push_back(
      entry("f" + std::to_string(i), entry_type::file, bytes_each));
  return volume;
}

} // namespace

TEST_SUITE_BEGIN("core/share/watchable");

TEST_CASE(
  "only where every guest agent takes them there are watchable storages") {
  const std::string dir = "/run/kata-containers/shared/containers";
  for (const auto& good : {dir, dir + "/passthrough", "/run/user/1000" + dir,
                           "/run/user/7" + dir + "/passthrough"})
    CHECK_MESSAGE(may_hold_watchable(good), good);
  for (const auto& bad :
       {std::string{}, std::string{"/"}, std::string{"/run/user/"}, dir + "/x",
        dir + "/passthrough/x", "/x" + dir, "/run/user/0" + dir,
        "/run/user/" + dir, "/run/user/1a" + dir, "/run/user/1000/x" + dir,
        std::string{"/run/user/1000"}, std::string{"/run/kata"}})
    CHECK_MESSAGE(!may_hold_watchable(bad), bad);
}

TEST_CASE("only ConfigMaps and Secrets may be watchable") {
  for (const char* path : {"/k/kubernetes.io~configmap/c",
                           "/k/pods/u/volumes/kubernetes.io~secret/s"})
    CHECK_MESSAGE(may_be_watchable(path), path);
  for (const char* path :
       {"/k/kubernetes.io~projected/p", "/k/kubernetes.io~downward-api/d",
        "/k/kubernetes.io~configmap", "/k/kubernetes.io~configmap/c/key",
        "/k/xkubernetes.io~configmap/c", "/"})
    CHECK_MESSAGE(!may_be_watchable(path), path);
}

TEST_CASE("a volume fits as long as its rotation does") {
  for (int keys = 1; keys <= 3; ++keys)
    CHECK_MESSAGE(fits_guest_watcher(volume_of(keys)), keys);
  CHECK_FALSE(fits_guest_watcher(volume_of(4)));
  // Both generations at once.
  constexpr std::uint64_t half = std::uint64_t{1} << 19;
  CHECK(fits_guest_watcher(volume_of(1, half)));
  CHECK_FALSE(fits_guest_watcher(volume_of(1, half + 1)));
}

TEST_CASE("what does not rotate may have 16 entries and 1 MiB") {
  CHECK(fits_guest_watcher(files_of(15)));
  CHECK_FALSE(fits_guest_watcher(files_of(16)));
  constexpr std::uint64_t all = std::uint64_t{1} << 20;
  CHECK(fits_guest_watcher(files_of(1, all)));
  CHECK_FALSE(fits_guest_watcher(files_of(1, all + 1)));
}

TEST_CASE("a generation that is going does not count again") {
  auto volume = volume_of(1);
  volume.entries.push_back(
    entry("..2025_01_02_03_04_05.123456789", entry_type::directory));
  volume.entries.push_back(
    entry("..2025_01_02_03_04_05.123456789/key0", entry_type::file, 1));
  CHECK(fits_guest_watcher(volume));
}

TEST_CASE("nothing to watch is not watched") {
  CHECK_FALSE(fits_guest_watcher({}));
  CHECK_FALSE(fits_guest_watcher(files_of(0)));
  tree_snapshot file;
  file.entries = {entry("", entry_type::file, 1)};
  CHECK_FALSE(fits_guest_watcher(file));
  auto socket = volume_of(1);
  socket.skipped = {{"s", "is a socket"}};
  CHECK_FALSE(fits_guest_watcher(socket));
}

TEST_CASE("the storage is what the guest agent expects") {
  const share_layout layout{"/r", "box",
                            "/run/kata-containers/shared/containers"};
  const auto made = watchable_storage(layout, "c-0123456789abcdef-conf",
                                      {"rbind", "rprivate", "ro"});
  CHECK(made.driver == "watchable-bind");
  CHECK(made.driver_options.empty());
  CHECK(made.source
        == "/run/kata-containers/shared/containers/c-0123456789abcdef-conf");
  CHECK(made.fstype == "bind");
  CHECK(made.options == std::vector<std::string>{"rbind", "rprivate", "ro"});
  CHECK(made.mount_point
        == "/run/kata-containers/shared/containers/watchable/"
           "c-0123456789abcdef-conf");
  CHECK(made.groups.empty());
  CHECK_FALSE(made.shared);
}

TEST_CASE("no storage has an option of another one, however many are made") {
  const share_layout layout{"/r", "box", "/g/containers"};
  const std::vector<std::string> first{"rbind", "ro"};
  const std::vector<std::string> second{"rbind", "rw"};
  for (int n = 0; n < 3; ++n) {
    CHECK(watchable_storage(layout, "c-1-conf", first).options == first);
    CHECK(watchable_storage(layout, "c-2-conf", second).options == second);
  }
}

TEST_SUITE_END();
