// SPDX-License-Identifier: Apache-2.0
#include "actors/inotify_reader.hpp"
#include "actors/reader_pool.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/in_place_runner.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

/// Gives paths the descriptors that the test wants.
struct fake_watch_api : watch_api {
  std::map<std::string, int> wd_of;
  std::set<int> watched;

  result<int> add(const std::string& path) override {
    const auto found = wd_of.find(path);
    if (found == wd_of.end())
      return error{errc::not_found, "watch " + path};
    watched.insert(found->second);
    return found->second;
  }
  result<int> add_entries(const std::string& path) override {
    return add(path);
  }
  status remove(int wd) override {
    if (watched.erase(wd) == 0)
      return error{errc::invalid_argument, "no such watch"};
    return unit{};
  }
};

using log_lines = std::vector<std::string>;

/// Writes down what the sink is told.
struct sink_state {
  using handle = volume_event_sink;
  static constexpr const char* name = "sink";

  sink_state(handle::pointer /*self*/, std::shared_ptr<log_lines> out)
    : lines(std::move(out)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const volume_changed& event) {
        lines->push_back(event.path + " " + to_string(event.hint));
      },
      [this](const volumes_overflowed&) {
        lines->push_back("overflow");
      },
    };
  }

  std::shared_ptr<log_lines> lines;
};

bytes raw(int wd, std::uint32_t mask, const std::string& name) {
  const auto padded = name.empty() ? 0 : name.size() / 16 * 16 + 16;
  bytes out(inotify_header_bytes + padded);
  const auto length = static_cast<std::uint32_t>(padded);
  std::memcpy(out.data(), &wd, 4);
  std::memcpy(out.data() + 4, &mask, 4);
  std::memcpy(out.data() + 12, &length, 4);
  std::memcpy(out.data() + inotify_header_bytes, name.data(), name.size());
  return out;
}

bytes operator+(bytes x, const bytes& y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

const std::string old_generation = "..2026_01_02_03_04_05.123456789";

bytes flip_of(int wd) {
  return raw(wd, inotify_mask::moved_to, "..data");
}

struct fixture : actor_fixture {
  fixture() {
    kernel->wd_of = {{"/a", 1}, {"/b", 2}, {"/alias of a", 1}};
    tell(aut, report_volumes_to{spawn<state_actor<sink_state>>(lines)});
    run();
  }
  /// Returns what the sink was told for these bytes.
  log_lines read(bytes data) {
    lines->clear();
    tell(aut, inotify_bytes{std::move(data)});
    run();
    return *lines;
  }

  temp_dir dir;
  /// Steps of readers; a look at the mounts is one.
  int reads = 0;
  std::shared_ptr<fake_watch_api> kernel = std::make_shared<fake_watch_api>();
  std::shared_ptr<log_lines> lines = std::make_shared<log_lines>();
  std::shared_ptr<in_place_runner> readers
    = std::make_shared<in_place_runner>();
  reader_pool_actor reader
    = spawn<reader_pool>(reading(), readers, read_queue::settings{});
  inotify_reader_actor aut = spawn<inotify_reader>(kernel, reader);

  reader_pool_options reading() {
    reader_pool_options options;
    options.watches = kernel;
    options.mount_table = dir / "mounts";
    options.between = [this] {
      ++reads;
    };
    return options;
  }
  /// Changes the mount table, of which the kernel tells.
  void mount(const std::string& table) {
    dir.write("mounts", table);
    lines->clear();
    tell(aut, host_mounts_changed{});
    run();
  }
  /// Lets time pass in small steps.
  log_lines pass(std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds step{10};
    for (auto gone = 0 * step; gone < time; gone += step) {
      advance(step);
      run();
    }
    return *lines;
  }
};

} // namespace

TEST_SUITE_BEGIN("actors/inotify_reader");

TEST_CASE_FIXTURE(fixture, "a rotation is told as flip and removal") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));

  const auto said = read(
    raw(1, inotify_mask::attrib | inotify_mask::is_directory, old_generation)
    + flip_of(1) + raw(1, inotify_mask::removed, "key")
    + raw(1, inotify_mask::removed | inotify_mask::is_directory,
          old_generation));

  CHECK(said == log_lines{"/a look closely", "/a read now", "/a look"});
}

TEST_CASE_FIXTURE(fixture, "a removal alone is told too") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  CHECK(read(raw(1, inotify_mask::removed | inotify_mask::is_directory,
                 old_generation))
        == log_lines{"/a look"});
}

TEST_CASE_FIXTURE(fixture, "what one read repeats is told once") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  REQUIRE(ask<watching>(aut, watch{"/b"}));
  CHECK(read(flip_of(1) + flip_of(2) + flip_of(1))
        == log_lines{"/b read now", "/a read now"});
  CHECK(read(flip_of(1)) == log_lines{"/a read now"});
}

TEST_CASE_FIXTURE(fixture, "what was set after a flip is told after it") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  const auto set = raw(1, inotify_mask::attrib, "key");
  CHECK(read(set + flip_of(1) + set)
        == log_lines{"/a read now", "/a look closely"});
  CHECK(read(flip_of(1) + set + flip_of(1))
        == log_lines{"/a look closely", "/a read now"});
}

TEST_CASE_FIXTURE(fixture, "a volume that is not there is awaited above, until "
                           "it is watched itself") {
  kernel->wd_of["/up"] = 5;
  CHECK_FALSE(ask<watching>(aut, await_volume{"/nowhere/v"}));
  REQUIRE(ask<watching>(aut, await_volume{"/up/v"}));
  CHECK(read(raw(5, inotify_mask::created, "w")).empty());
  // Looking for it in vain ends nothing.
  CHECK_FALSE(ask<watching>(aut, watch{"/up/v"}));
  CHECK(read(raw(5, inotify_mask::created, "v"))
        == log_lines{"/up/v watch again"});
  kernel->wd_of["/up/v"] = 6;
  REQUIRE(ask<watching>(aut, watch{"/up/v"}));
  CHECK(kernel->watched == std::set<int>{6});
  CHECK(read(flip_of(6)) == log_lines{"/up/v read now"});
  // A directory above that one, too.
  kernel->wd_of["/"] = 7;
  REQUIRE(ask<watching>(aut, await_volume{"/gone/v"}));
  CHECK(read(raw(7, inotify_mask::created, "gone"))
        == log_lines{"/gone/v watch again"});
  tell(aut, unwatch{"/gone/v"});
  run();
  CHECK(kernel->watched == std::set<int>{6});
}

TEST_CASE_FIXTURE(fixture, "events of paths that nobody watches are dropped") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  CHECK(read(flip_of(2)).empty());
}

TEST_CASE_FIXTURE(fixture, "an unwatched path is out of kernel and reports") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  REQUIRE(ask<watching>(aut, watch{"/alias of a"}));

  tell(aut, unwatch{"/a"});
  CHECK(read(flip_of(1)) == log_lines{"/alias of a read now"});
  CHECK(kernel->watched == std::set<int>{1});
  tell(aut, unwatch{"/alias of a"});
  tell(aut, unwatch{"/alias of a"});
  CHECK(read(flip_of(1)).empty());
  CHECK(kernel->watched.empty());
}

TEST_CASE_FIXTURE(fixture,
                  "a failed watch is answered with the kernel's word") {
  const auto reply = ask<watching>(aut, watch{"/missing"});
  REQUIRE_FALSE(reply);
  CHECK(reply.err() == error{errc::not_found, "watch /missing"});
}

TEST_CASE_FIXTURE(fixture, "watching again follows a path to its directory") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  kernel->wd_of["/a"] = 7;

  REQUIRE(ask<watching>(aut, watch{"/a"}));

  CHECK(kernel->watched == std::set<int>{7});
  CHECK(read(flip_of(1)).empty());
  CHECK(read(flip_of(7)) == log_lines{"/a read now"});
}

TEST_CASE_FIXTURE(fixture, "watching again in vain ends the old watch") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  kernel->wd_of.erase("/a");

  CHECK_FALSE(ask<watching>(aut, watch{"/a"}));

  CHECK(kernel->watched.empty());
  CHECK(read(flip_of(1)).empty());
}

TEST_CASE_FIXTURE(fixture, "a lost watch is told once and can be placed anew") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  CHECK(read(raw(1, inotify_mask::delete_self, "")
             + raw(1, inotify_mask::ignored, ""))
        == log_lines{"/a watch anew"});
  kernel->wd_of["/a"] = 8;
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  CHECK(read(flip_of(8)) == log_lines{"/a read now"});
}

TEST_CASE_FIXTURE(fixture, "a directory that was moved is watched no longer") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  CHECK(read(raw(1, inotify_mask::move_self, ""))
        == log_lines{"/a watch anew"});
  CHECK(kernel->watched.empty());
}

TEST_CASE_FIXTURE(fixture, "lost events are told after what was not lost") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  CHECK(read(flip_of(1) + raw(-1, inotify_mask::queue_overflow, ""))
        == log_lines{"/a read now", "overflow"});
}

TEST_CASE_FIXTURE(fixture, "damaged bytes count as lost events") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  auto cut = flip_of(1) + flip_of(1);
  cut.pop_back();
  CHECK(read(cut) == log_lines{"/a read now", "overflow"});
}

TEST_CASE_FIXTURE(fixture, "a watch whose directory does not answer holds up "
                           "no other, and ends where nobody waits for it") {
  readers->hold = true;
  auto hung = request(aut, watch{"/a"});
  run();
  readers->hold = false;
  REQUIRE(ask<watching>(aut, watch{"/b"}));
  CHECK(read(flip_of(2)) == log_lines{"/b read now"});
  for (int n = 0; n < 200; ++n) {
    advance(std::chrono::milliseconds{100});
    run();
  }
  const auto outcome = answer<watching>(hung);
  REQUIRE(outcome);
  REQUIRE_FALSE(*outcome);
  CHECK(outcome->err().code == errc::deadline_exceeded);
  readers->release();
  run();
  CHECK(kernel->watched == std::set<int>{2});
  CHECK(read(flip_of(1)).empty());
}

TEST_CASE_FIXTURE(fixture, "a watch that ends while it is placed again is "
                           "placed once more") {
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  readers->hold = true;
  auto again = request(aut, watch{"/alias of a"});
  run();
  // The kernel has placed it; then the directory goes, before anybody knows.
  CHECK(read(raw(1, inotify_mask::delete_self, "")
             + raw(1, inotify_mask::ignored, ""))
        == log_lines{"/a watch anew"});
  readers->release();
  kernel->wd_of["/alias of a"] = 9;
  readers->hold = false;
  run();
  const auto outcome = answer<watching>(again);
  REQUIRE(outcome);
  CHECK(*outcome);
  CHECK(read(flip_of(9)) == log_lines{"/alias of a read now"});
}

TEST_CASE_FIXTURE(fixture, "a path that is unwatched while it is placed is not "
                           "watched") {
  readers->hold = true;
  auto pending = request(aut, watch{"/a"});
  run();
  tell(aut, unwatch{"/a"});
  run();
  readers->release();
  run();
  CHECK(answer<watching>(pending));
  CHECK(read(flip_of(1)).empty());
  CHECK(kernel->watched.empty());
}

TEST_CASE_FIXTURE(fixture, "what is mounted over a volume is told within a "
                           "second, and no other volume of it") {
  const std::string root = "1 0 8:1 / / rw - ext4 /dev/a rw\n";
  const std::string over = root + "2 1 0:9 / /a rw - tmpfs tmpfs rw\n";
  const std::string up = root + "3 1 0:9 / /up rw - tmpfs tmpfs rw\n";
  kernel->wd_of["/up"] = 5;
  mount(root);
  CHECK(pass(std::chrono::seconds{1}).empty());
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  REQUIRE(ask<watching>(aut, watch{"/b"}));
  REQUIRE(ask<watching>(aut, await_volume{"/up/v"}));
  mount(root);
  // What was mounted before the first look at it nobody knows.
  CHECK(pass(std::chrono::seconds{1})
        == log_lines{"/a watch and look closely", "/b watch and look closely",
                     "/up/v watch again"});
  mount(over);
  CHECK(pass(std::chrono::seconds{1})
        == log_lines{"/a watch and look closely"});
  mount(over);
  CHECK(pass(std::chrono::seconds{1}).empty());
  mount(root);
  CHECK(pass(std::chrono::seconds{1})
        == log_lines{"/a watch and look closely"});
  mount(up);
  CHECK(pass(std::chrono::seconds{1}) == log_lines{"/up/v watch again"});
  tell(aut, unwatch{"/a"});
  mount(over);
  CHECK(pass(std::chrono::seconds{1}) == log_lines{"/up/v watch again"});
}

TEST_CASE_FIXTURE(fixture, "what is mounted while the mount table is looked at "
                           "is told, too") {
  const std::string root = "1 0 8:1 / / rw - ext4 /dev/a rw\n";
  REQUIRE(ask<watching>(aut, watch{"/a"}));
  mount(root);
  pass(std::chrono::seconds{1});
  readers->hold = true;
  mount(root);
  CHECK(pass(std::chrono::seconds{1}).empty());
  REQUIRE(readers->held.size() == 1);
  readers->release();
  readers->hold = false;
  // Its answer is under way.
  mount(root + "2 1 0:9 / /a rw - tmpfs tmpfs rw\n");
  CHECK(pass(std::chrono::minutes{2})
        == log_lines{"/a watch and look closely"});
}

TEST_CASE_FIXTURE(fixture, "a mount table that changes all the time is looked "
                           "at a few times a second, and many volumes are told "
                           "of in parts") {
  const std::string root = "1 0 8:1 / / rw - ext4 /dev/a rw\n";
  constexpr int volumes = 100;
  for (int n = 0; n < volumes; ++n) {
    const auto path = "/pods/" + std::to_string(n);
    kernel->wd_of[path] = 100 + n;
    REQUIRE(ask<watching>(aut, watch{path}));
  }
  const auto before = reads;
  mount(root);
  CHECK(pass(std::chrono::milliseconds{210}).size() == 32);
  CHECK(pass(std::chrono::milliseconds{100}).size() == volumes);
  CHECK(reads == before + 1);
  for (int n = 0; n < 1000; ++n) {
    mount(root);
    advance(std::chrono::milliseconds{10});
    run();
  }
  CHECK(reads > before + 10);
  CHECK(reads <= before + 1 + 51);
}

TEST_SUITE_END();
