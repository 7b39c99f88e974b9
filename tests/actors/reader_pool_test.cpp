// SPDX-License-Identifier: Apache-2.0
#include "actors/reader_pool.hpp"

#include "sys/mount/opened_source.hpp"
#include "sys/tree/file_chunk.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/in_place_runner.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <memory>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

// Reads stand still while `readers->hold` is set.
struct fixture : actor_fixture {
  ~fixture() {
    stop(aut);
    run();
    while (!readers->held.empty())
      readers->release();
    run();
  }
  // What has become of reads that stand still by then.
  void pass(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= 50ms) {
      advance(50ms);
      run();
    }
  }
  auto tree_of(const std::string& sandbox) {
    return call<tree_read>(aut, read_tree{dir / sandbox, sandbox});
  }
  template <class Slot>
  static errc code(const Slot& slot) {
    REQUIRE(*slot);
    return **slot ? errc::none : (*slot)->err().code;
  }

  temp_dir dir;
  std::shared_ptr<in_place_runner> readers
    = std::make_shared<in_place_runner>();
  reader_pool_actor aut = spawn<reader_pool>(reader_pool_options{}, readers,
                                             read_queue::settings{});
};

} // namespace

TEST_SUITE_BEGIN("actors/reader_pool");

TEST_CASE_FIXTURE(fixture, "answers and errors are those of the reads") {
  dir.write("source", "text");
  const auto opened
    = ask<bind_source_opened>(aut, open_bind_source{dir / "source", "s"});
  REQUIRE(opened);
  CHECK_FALSE(opened->source->is_directory());
  const auto failed
    = ask<bind_source_opened>(aut, open_bind_source{dir / "none", "s"});
  REQUIRE_FALSE(failed);
  CHECK(failed.err()
        == error{errc::not_found,
                 "open " + dir / "none" + ": No such file or directory"});
}

TEST_CASE_FIXTURE(fixture,
                  "what hangs is given up in its time, holds up no other "
                  "sandbox, and its late result reaches nobody") {
  dir.make_dir("bad");
  dir.make_dir("good");
  readers->hold = true;
  const auto first = tree_of("bad");
  const auto second = tree_of("bad");
  const auto third = tree_of("bad");
  run();
  CHECK(readers->held.size() == 2);
  pass(150ms);
  // The places are free, but not for the same sandbox.
  CHECK(readers->held.size() == 2);
  readers->hold = false;
  CHECK(ask<tree_read>(aut, read_tree{dir / "good", "good"}));
  CHECK(ask<source_class>(aut, classify_source{dir / "good", {}, "good"}));
  CHECK_FALSE(*first);
  pass(10s);
  CHECK(code(first) == errc::deadline_exceeded);
  CHECK((*first)->err().message
        == "read " + dir / "bad" + ": no answer within 10s (sources.timeout)");
  CHECK(code(second) == errc::deadline_exceeded);
  CHECK(code(third) == errc::resource_exhausted);
  const auto more = tree_of("bad");
  run();
  CHECK(code(more) == errc::resource_exhausted);
  readers->release();
  run();
  CHECK((*first)->err().code == errc::deadline_exceeded);
  CHECK(ask<tree_read>(aut, read_tree{dir / "bad", "bad"}));
}

TEST_CASE_FIXTURE(fixture, "a volume that hangs holds up no other, has one "
                           "reader however often it is asked for, and is read "
                           "when it answers") {
  readers->hold = true;
  const auto first = call<volume_look>(aut, look_at_volume{"/v", false});
  run();
  readers->hold = false;
  pass(10s);
  CHECK(code(first) == errc::deadline_exceeded);
  for (int n = 0; n < 5; ++n) {
    const auto again = call<volume_look>(aut, look_at_volume{"/v", true});
    pass(10100ms);
    CHECK(code(again) == errc::deadline_exceeded);
    CHECK(readers->held.size() == 1);
  }
  const auto other = ask<volume_look>(aut, look_at_volume{"/w", false});
  CHECK(other.err().code == errc::not_found);
  const auto last = call<volume_look>(aut, look_at_volume{"/v", false});
  run();
  CHECK_FALSE(*last);
  readers->release();
  run();
  CHECK(code(last) == errc::not_found);
}

TEST_CASE_FIXTURE(fixture, "a sandbox that ends is answered at once, and "
                           "another of its name is not held back") {
  dir.make_dir("box");
  readers->hold = true;
  std::vector<decltype(tree_of("box"))> all;
  all.reserve(4);
  for (int n = 0; n < 4; ++n)
    all.push_back(tree_of("box"));
  pass(150ms);
  tell(aut, forget_reads{"box"});
  run();
  for (const auto& one : all)
    CHECK(code(one) == errc::aborted);
  readers->hold = false;
  CHECK(ask<tree_read>(aut, read_tree{dir / "box", "box"}));
  // What comes back ends where it is.
  const auto held = readers->held.size();
  CHECK(held == 2);
  while (!readers->held.empty())
    readers->release();
  run();
  CHECK(readers->made.size() == 3);
}

TEST_CASE_FIXTURE(fixture, "where no reader can be made, reads fail with the "
                           "reason, and later ones try again") {
  dir.make_dir("good");
  readers->refuse = error{errc::unavailable, "make a thread: no"};
  const auto failed = ask<tree_read>(aut, read_tree{dir / "good", "good"});
  REQUIRE_FALSE(failed);
  CHECK(failed.err() == *readers->refuse);
  readers->refuse.reset();
  CHECK(ask<tree_read>(aut, read_tree{dir / "good", "good"}));
}

TEST_CASE_FIXTURE(fixture, "a file that nobody reads any more is closed by a "
                           "reader, not by whoever has it last") {
  dir.write("file", "text");
  auto chunk = ask<chunk_read>(
    aut, read_chunk{dir / "file", "", 0, 2, 4, false, nullptr, "s"});
  REQUIRE(chunk);
  const auto fd = "/proc/self/fd/" + std::to_string(chunk->source->fd());
  readers->hold = true;
  chunk->source.reset();
  run();
  CHECK(readers->held.size() == 1);
  CHECK(std::filesystem::exists(fd));
  readers->release();
  run();
  CHECK_FALSE(std::filesystem::exists(fd));
}

TEST_CASE_FIXTURE(fixture, "a file that no reader can be made for is closed "
                           "when one can") {
  dir.write("file", "text");
  const auto open_one = [this] {
    auto chunk = ask<chunk_read>(
      aut, read_chunk{dir / "file", "", 0, 2, 4, false, nullptr, "s"});
    REQUIRE(chunk);
    return chunk->source;
  };
  std::vector<chunk_source_ptr> files{open_one(), open_one()};
  std::vector<std::string> links;
  links.reserve(files.size());
  for (const auto& file : files)
    links.push_back("/proc/self/fd/" + std::to_string(file->fd()));
  readers->refuse = error{errc::unavailable, "make a thread: no"};
  files.clear();
  pass(3s);
  for (const auto& link : links)
    CHECK(std::filesystem::exists(link));
  readers->refuse.reset();
  pass(1s);
  for (const auto& link : links)
    CHECK_FALSE(std::filesystem::exists(link));
}

TEST_CASE_FIXTURE(fixture, "a pool that ends answers what it owes") {
  readers->hold = true;
  const auto slow = tree_of("s");
  run();
  stop(aut);
  run();
  CHECK(code(slow) == errc::aborted);
}

TEST_SUITE_END();
