// SPDX-License-Identifier: Apache-2.0
#include "core/volume/read_queue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using time_point = read_queue::time_point;
using reads = std::vector<std::uint64_t>;

constexpr time_point t0{1h};
constexpr auto volume = read_class::volume;
constexpr auto entry = read_class::entry;
constexpr auto tree = read_class::tree;

// A queue whose reads the test begins and ends by their numbers.
struct fixture {
  explicit fixture(std::size_t readers = 4) : queue(with(readers)) {
  }
  explicit fixture(const read_queue::settings& s) : queue(s) {
  }
  static read_queue::settings with(std::size_t readers) {
    read_queue::settings s;
    s.readers = readers;
    return s;
  }

  std::uint64_t add(read_class what, const std::string& key = {},
                    const std::string& owner = {},
                    const std::string& device = {}) {
    const auto added = queue.add(
      {++last, what, key, owner, "read " + std::to_string(last), device}, now);
    refused = added ? error{errc::none, {}} : added.err();
    return last;
  }
  reads begin_all() {
    reads begun;
    while (const auto next = queue.next(now)) {
      begun.push_back(next->read);
      reader_of[next->read] = next->reader;
      made.insert(next->reader);
    }
    return begun;
  }
  std::optional<read_queue::read_end> done(std::uint64_t read) {
    return queue.done(reader_of.at(read));
  }
  // What expire() gives up after some time.
  std::vector<read_queue::refusal> pass(std::chrono::nanoseconds time) {
    now += time;
    return queue.expire(now);
  }

  read_queue queue;
  time_point now = t0;
  std::uint64_t last = 0;
  error refused;
  std::map<std::uint64_t, std::size_t> reader_of;
  std::set<std::size_t> made;
};

} // namespace

TEST_SUITE_BEGIN("core/volume/read_queue");

TEST_CASE("reads begin in their order while there are places") {
  fixture f{2};
  CHECK(f.begin_all().empty());
  for (int n = 0; n < 3; ++n)
    f.add(volume);
  CHECK(f.begin_all() == reads{1, 2});
  REQUIRE(f.done(1));
  CHECK(f.begin_all() == reads{3});
  CHECK(f.made.size() == 2);
}

TEST_CASE("trees leave places for entries and volumes, and entries leave one "
          "for volumes") {
  fixture f;
  for (int n = 0; n < 5; ++n)
    f.add(tree);
  CHECK(f.begin_all() == reads{1, 2});
  for (int n = 0; n < 3; ++n)
    f.add(entry);
  CHECK(f.begin_all() == reads{6});
  for (int n = 0; n < 3; ++n)
    f.add(volume);
  CHECK(f.begin_all() == reads{9});
  // The place of the first tree goes to what came first and may begin.
  f.done(1);
  CHECK(f.begin_all() == reads{3});
}

TEST_CASE("few places serve every class") {
  for (const std::size_t readers : {1U, 2U}) {
    CAPTURE(readers);
    fixture f{readers};
    f.add(tree);
    f.add(tree);
    CHECK(f.begin_all() == reads{1});
    f.done(1);
    CHECK(f.begin_all() == reads{2});
  }
}

TEST_CASE("reads of one key are done one after the other, others overtake") {
  fixture f{3};
  f.add(volume, "a");
  f.add(volume, "a");
  f.add(volume, "b");
  f.add(volume, "a");
  CHECK(f.begin_all() == reads{1, 3});
  f.done(1);
  CHECK(f.begin_all() == reads{2});
  f.done(2);
  CHECK(f.begin_all() == reads{4});
}

TEST_CASE("a reader that could not be made leaves its place and its key to "
          "another") {
  fixture f{1};
  f.add(volume, "a");
  f.add(volume, "a");
  CHECK(f.begin_all() == reads{1});
  f.queue.lost(f.reader_of.at(1));
  CHECK(f.begin_all() == reads{2});
  CHECK(f.reader_of.at(2) != f.reader_of.at(1));
}

TEST_CASE("a read that takes long gives its place up, its reader ends when it "
          "is one too many") {
  fixture f{1};
  f.add(tree);
  f.add(tree);
  CHECK(f.begin_all() == reads{1});
  CHECK(f.queue.next_due() == t0 + 100ms);
  CHECK(f.pass(99ms).empty());
  CHECK(f.begin_all().empty());
  CHECK(f.pass(1ms).empty());
  CHECK(f.begin_all() == reads{2});
  // The second has the place, so that the first reader is not needed.
  const auto late = f.done(1);
  REQUIRE(late);
  CHECK(late->retire);
  CHECK_FALSE(late->was_late);
  const auto next = f.done(2);
  REQUIRE(next);
  CHECK_FALSE(next->retire);
}

TEST_CASE("a read that stands still is given up, one that moves is not") {
  fixture f;
  f.add(tree);
  f.add(tree);
  CHECK(f.begin_all() == reads{1, 2});
  CHECK(f.pass(100ms).empty());
  for (int n = 1; n <= 20; ++n) {
    f.queue.moved(f.reader_of.at(2), static_cast<std::uint64_t>(n), f.now);
    const auto due = f.queue.next_due();
    REQUIRE(due);
    CHECK(*due > f.now);
    CHECK(*due <= f.now + 1s);
    const auto given_up = f.pass(1s);
    // 100 ms after it began the first was looked at, then each second.
    CHECK(given_up.size() == (n == 10 ? 1 : 0));
    for (const auto& one : given_up) {
      CHECK(one.read == 1);
      CHECK(one.hangs);
      CHECK(one.why
            == error{errc::deadline_exceeded,
                     "read 1: no answer within 10s (sources.timeout)"});
    }
  }
  CHECK(f.queue.slow_reads() == std::vector<std::string>{"read 1", "read 2"});
  CHECK(f.queue.hung_of("", f.now).size() == 1);
  const auto back = f.done(1);
  REQUIRE(back);
  CHECK(back->was_late);
  CHECK(f.queue.slow_reads() == std::vector<std::string>{"read 2"});
}

TEST_CASE("what hangs holds up only its owner, who is refused at once while "
          "as much hangs as may") {
  fixture f;
  reads slow;
  for (int n = 0; n < 5; ++n)
    slow.push_back(f.add(entry, {}, "bad"));
  // All that wait behind begin as places are given up, up to the limit.
  CHECK(f.begin_all() == reads{1, 2, 3});
  f.pass(100ms);
  CHECK(f.begin_all().empty());
  f.add(entry, {}, "good");
  f.add(tree, {}, "good");
  f.add(volume);
  CHECK(f.begin_all() == reads{6, 7, 8});
  for (const auto read : reads{6, 7, 8})
    f.done(read);
  // What waited for its turn ends with what hangs.
  const auto given_up = f.pass(10s);
  reads ended;
  for (const auto& one : given_up) {
    ended.push_back(one.read);
    CHECK(one.why.code
          == (one.hangs ? errc::deadline_exceeded : errc::resource_exhausted));
  }
  CHECK(ended == reads{1, 2, 3, 4, 5});
  f.add(entry, {}, "bad");
  CHECK(f.refused
        == error{errc::resource_exhausted,
                 "read 9: not tried, 3 reads of sources for sandbox 'bad' do "
                 "not answer, such as: read 3"});
  CHECK(f.begin_all().empty());
  f.add(entry, {}, "good");
  CHECK(f.begin_all() == reads{10});
  // One that comes back makes room.
  f.done(1);
  f.add(entry, {}, "bad");
  CHECK(f.begin_all() == reads{11});
}

TEST_CASE("what hangs is listed with its owner, the longest first, until it "
          "answers") {
  fixture f;
  f.add(entry, {}, "bad");
  f.add(entry, {}, "other");
  f.begin_all();
  f.pass(1s);
  f.add(tree, {}, "bad");
  f.begin_all();
  f.pass(9s);
  using list = std::vector<hung_read>;
  CHECK(f.queue.hung_of("bad", f.now) == list{{"read 1", 10s}});
  f.pass(2s);
  CHECK(f.queue.hung_of("bad", f.now)
        == list{{"read 1", 12s}, {"read 3", 11s}});
  CHECK(f.queue.hung_of("other", f.now) == list{{"read 2", 12s}});
  CHECK(f.queue.hung_of("good", f.now).empty());
  f.done(1);
  CHECK(f.queue.hung_of("bad", f.now) == list{{"read 3", 11s}});
  f.queue.forget("bad");
  CHECK(f.queue.hung_of("bad", f.now).empty());
}

TEST_CASE("trees of an owner leave it a read of an entry") {
  fixture f;
  f.add(tree, {}, "bad");
  f.add(tree, {}, "bad");
  CHECK(f.begin_all() == reads{1, 2});
  f.pass(100ms);
  f.add(tree, {}, "bad");
  f.add(entry, {}, "bad");
  CHECK(f.begin_all() == reads{4});
}

TEST_CASE("no more hang in all than may, volumes are read all the same") {
  read_queue::settings few;
  few.most_slow = 5;
  fixture f{few};
  for (int n = 0; n < 5; ++n) {
    f.add(entry, {}, "bad" + std::to_string(n));
    CHECK(f.begin_all().size() == 1);
    f.pass(10s);
  }
  f.add(tree, {}, "good");
  CHECK(f.refused.code == errc::resource_exhausted);
  CHECK(f.begin_all().empty());
  f.add(volume, "v");
  CHECK(f.begin_all() == reads{7});
  // Nobody takes its place, since that would be one more.
  f.pass(100ms);
  CHECK(f.made.size() == 6);
  for (int n = 0; n < 4; ++n)
    f.add(volume);
  CHECK(f.begin_all().size() == 3);
}

TEST_CASE(
  "a device that does not answer holds up nobody beside it, however many "
  "owners use it") {
  fixture f;
  for (int n = 0; n < 60; ++n) {
    f.add(n % 2 == 0 ? entry : tree, {}, "bad" + std::to_string(n), "0:45");
    f.begin_all();
    f.pass(100ms);
  }
  // What may be slow is, the others wait.
  CHECK(f.reader_of.size() == 16);
  for (const auto* device : {"", "0:46"}) {
    const auto other = f.add(entry, {}, "good", device);
    CHECK(f.begin_all() == reads{other});
    CHECK(f.done(other));
  }
  const auto given_up = f.pass(10s);
  CHECK(given_up.size() == 60);
  f.add(entry, {}, "good", "0:45");
  CHECK(f.refused
        == error{errc::resource_exhausted,
                 "read 63: not tried, 16 reads of sources on the same device, "
                 "0:45, do not answer, such as: read 16"});
  const auto other = f.add(tree, {}, "good", "0:46");
  CHECK(f.begin_all() == reads{other});
  // One that answers lets one more try.
  f.done(1);
  const auto next = f.add(entry, {}, "good", "0:45");
  CHECK(f.begin_all() == reads{next});
}

TEST_CASE("what waits behind a volume that hangs is given up in its time, and "
          "begins when that answers") {
  fixture f;
  f.add(volume, "v");
  CHECK(f.begin_all() == reads{1});
  CHECK(f.pass(10s).size() == 1);
  f.add(volume, "v");
  CHECK(f.begin_all().empty());
  CHECK(f.pass(9999ms).empty());
  f.add(volume, "v");
  CHECK(f.queue.next_due() == t0 + 20s);
  const auto given_up = f.pass(1ms);
  REQUIRE(given_up.size() == 1);
  CHECK(given_up[0].read == 2);
  CHECK_FALSE(given_up[0].hangs);
  CHECK(given_up[0].why.code == errc::deadline_exceeded);
  CHECK(f.made.size() == 1);
  REQUIRE(f.done(1));
  CHECK(f.begin_all() == reads{3});
}

TEST_CASE("an owner that is forgotten is owed its answers, and what hangs is "
          "not held against another of its name") {
  fixture f;
  for (int n = 0; n < 3; ++n)
    f.add(entry, {}, "box");
  f.begin_all();
  f.pass(10s);
  f.done(1);
  f.add(entry, {}, "box");
  f.begin_all();
  f.add(tree, {}, "box");
  CHECK(f.refused.code == errc::resource_exhausted);
  f.add(entry, {}, "box");
  CHECK(f.refused.code == errc::none);
  // One runs, one waits, two hang and were answered.
  CHECK(f.queue.forget("box") == reads{6, 4});
  CHECK(f.queue.forget("box").empty());
  f.add(tree, {}, "box");
  f.add(tree, {}, "box");
  CHECK(f.begin_all().size() == 2);
  const auto end = f.done(4);
  REQUIRE(end);
  CHECK(end->was_late);
}

TEST_CASE("every read is done once, and no key by two readers") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto pick = [&random](std::size_t n) {
      return random() % n;
    };
    fixture f{1 + pick(4)};
    std::map<std::uint64_t, std::string> keys;
    std::set<std::uint64_t> running;
    std::map<std::string, std::uint64_t> last_of_key;
    std::set<std::uint64_t> seen;
    for (int n = 0; n < 300 || seen.size() < keys.size();) {
      f.pass(std::chrono::milliseconds{pick(60)});
      if (n < 300 && pick(2) == 0) {
        ++n;
        const auto key
          = pick(2) == 0 ? "" : std::string{"abc"}.substr(pick(3), 1);
        keys[f.add(static_cast<read_class>(pick(3)), key)] = key;
      }
      for (const auto read : f.begin_all()) {
        CHECK(seen.insert(read).second);
        const auto& key = keys[read];
        for (const auto other : running) {
          CHECK(f.reader_of[other] != f.reader_of[read]);
          CHECK((key.empty() || keys[other] != key));
        }
        if (!key.empty())
          CHECK(last_of_key[key] < read);
        last_of_key[key] = read;
        running.insert(read);
      }
      if (running.empty() || pick(3) == 0)
        continue;
      const auto ended = *running.begin();
      running.erase(running.begin());
      REQUIRE(f.done(ended));
    }
    CHECK(seen.size() == keys.size());
  }
}

TEST_SUITE_END();
