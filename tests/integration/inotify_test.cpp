// SPDX-License-Identifier: Apache-2.0
#include "core/volume/watch_table.hpp"
#include "sys/tree/inotify.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

namespace fs = std::filesystem;
using kinds = std::vector<volume_hint>;
using enum volume_hint;

/// A real instance and the table that goes with it.
struct watcher {
  std::unique_ptr<kernel_watch_api> api = *kernel_watch_api::open();
  watch_table table;

  void watch(const std::string& path) {
    const auto wd = api->add(path);
    REQUIRE(wd);
    table.add(path, *wd);
  }
  /// What has happened since the last call, without `nothing`.
  kinds take() {
    kinds out;
    const auto data = api->read_available();
    REQUIRE(data);
    const auto decoded = decode_inotify(*data);
    CHECK(decoded.complete);
    for (const auto& event : decoded.events)
      for (const auto& one : table.handle(event).events)
        if (one.hint != nothing)
          out.push_back(one.hint);
    return out;
  }
};

} // namespace

TEST_SUITE_BEGIN("sys/tree/inotify");

TEST_CASE("each kubelet's rotation is seen as flip and removal") {
  for (const auto order : {kubelet_order::to_1_22, kubelet_order::from_1_23,
                           kubelet_order::from_1_27}) {
    const temp_dir dir;
    rotator kubelet{dir.path(), order};
    kubelet.rotate({{"a", {"1"}}, {"b", {"1"}}});
    watcher watcher;
    watcher.watch(dir.path());
    CHECK(watcher.take().empty());

    kubelet.rotate({{"a", {"2"}}, {"n/c", {"1"}}});

    // Modes of what is in the root are set before the flip.
    CHECK(watcher.take() == kinds{begun, look_closely, read_now, look});
  }
}

TEST_CASE("a sync that only sets the owner again is seen on the root") {
  const temp_dir dir;
  rotator kubelet{dir.path(), kubelet_order::from_1_23, ::getegid()};
  kubelet.rotate({{"a", {"1"}}});
  watcher watcher;
  watcher.watch(dir.path());

  kubelet.rotate({{"a", {"1"}}});

  // One each for owner and mode, unless the kernel has merged them.
  const auto seen = watcher.take();
  CHECK_FALSE(seen.empty());
  for (const auto kind : seen)
    CHECK(kind == look_closely);
}

TEST_CASE("two paths of one directory have one watch") {
  const temp_dir dir;
  const auto volume = dir.make_dir("volume");
  fs::create_directory_symlink(volume, dir / "alias");
  rotator kubelet{volume, kubelet_order::from_1_27};
  watcher watcher;
  watcher.watch(volume);
  watcher.watch(dir / "alias");

  CHECK(watcher.table.watch_count() == 1);
  kubelet.rotate({{"a", {"1"}}});
  CHECK(watcher.take()
        == kinds{begun, begun, look_closely, look_closely, read_now, read_now});
}

TEST_CASE("what a directory is watched for is added to what it is watched for "
          "already") {
  const temp_dir dir;
  rotator kubelet{dir.path(), kubelet_order::from_1_27};
  watcher watcher;
  watcher.watch(dir.path());
  const auto wd = watcher.api->add_entries(dir.path());
  REQUIRE(wd);
  CHECK_FALSE(watcher.table.await(dir / "below", *wd, "below"));
  fs::create_directory(dir / "below");
  CHECK(watcher.take() == kinds{watch_again});
  kubelet.rotate({{"a", {"1"}}});
  CHECK(watcher.take() == kinds{begun, look_closely, read_now});
}

TEST_CASE("a directory that goes away loses its watch once") {
  const temp_dir dir;
  watcher watcher;
  watcher.watch(dir.make_dir("removed"));
  watcher.watch(dir.make_dir("moved"));

  fs::remove(dir / "removed");
  const auto after_removal = watcher.take();
  fs::rename(dir / "moved", dir / "elsewhere");
  const auto after_move = watcher.take();

  REQUIRE_FALSE(after_removal.empty());
  // The link count that fell to zero is an attribute too.
  CHECK(after_removal.back() == watch_anew);
  CHECK(after_move == kinds{watch_anew});
  CHECK(watcher.table.path_count() == 0);
}

TEST_CASE("a removed watch tells nothing new") {
  const temp_dir dir;
  watcher watcher;
  watcher.watch(dir.path());
  const auto wd = watcher.table.remove(dir.path());
  REQUIRE(wd);
  CHECK(watcher.api->remove(*wd));
  CHECK_FALSE(watcher.api->remove(*wd));

  rotator{dir.path(), kubelet_order::from_1_27}.rotate({{"a", {"1"}}});

  CHECK(watcher.take().empty());
}

TEST_CASE("what is no directory cannot be watched, and the error says what") {
  const temp_dir dir;
  const auto api = *kernel_watch_api::open();
  const auto missing = api->add(dir / "missing");
  const auto file = api->add(dir.write("file", ""));

  REQUIRE_FALSE(missing);
  CHECK(missing.err()
        == error{errc::not_found,
                 "watch " + dir / "missing" + ": No such file or directory"});
  REQUIRE_FALSE(file);
  CHECK(file.err().code == errc::failed_precondition);
}

TEST_CASE("what a read returns takes little more than it holds") {
  const temp_dir dir;
  const auto api = *kernel_watch_api::open();
  REQUIRE(api->add(dir.path()));
  dir.write("file", "");
  const auto data = api->read_available();
  REQUIRE(data);
  CHECK_FALSE(data->empty());
  CHECK(data->capacity() < 1024);
}

TEST_CASE("without events a read returns nothing at once") {
  const auto api = *kernel_watch_api::open();
  const auto data = api->read_available();
  REQUIRE(data);
  CHECK(data->empty());
}

TEST_SUITE_END();
