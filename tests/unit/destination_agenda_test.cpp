// SPDX-License-Identifier: Apache-2.0
#include "core/volume/destination_agenda.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <map>
#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using ids = std::vector<destination_id>;
using contents = destination_agenda::contents;
using caller = destination_agenda::wishes::caller;

constexpr destination_agenda::time_point t0{100s};

/// Five destinations of a volume that nobody has read yet.
struct five {
  ids take(destination_agenda::time_point now = t0) {
    return agenda.take(all, seen, now);
  }

  destination_agenda agenda;
  destination_agenda::host_view seen;
  std::map<destination_id, int> all{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}};
};

const ids every{1, 2, 3, 4, 5};

} // namespace

TEST_SUITE_BEGIN("destination_agenda");

TEST_CASE("a destination that was touched is looked at once, and no other") {
  five of;
  CHECK(of.take() == ids{});
  of.agenda.touch(4);
  of.agenda.touch(2);
  of.agenda.touch(4);
  CHECK(of.take() == ids{2, 4});
  CHECK(of.take() == ids{});
}

TEST_CASE("all are looked at once when all are touched, or when the volume has "
          "changed") {
  five of;
  of.agenda.touch(3);
  of.agenda.touch_all();
  CHECK(of.take() == every);
  CHECK(of.take() == ids{});
  of.seen.sequence = 1;
  of.agenda.touch(3);
  CHECK(of.take() == every);
  CHECK(of.take() == ids{});
  of.seen.unread_since = t0;
  CHECK(of.take() == every);
  CHECK(of.take() == ids{});
  of.seen.unread_since.reset();
  CHECK(of.take() == every);
  CHECK(of.take() == ids{});
}

TEST_CASE("where the same was read again those are looked at that want "
          "contents") {
  five of;
  of.agenda.note(1, {contents::wanted});
  of.agenda.note(2, {contents::needed});
  of.agenda.note(3, {contents::unwanted});
  CHECK(of.agenda.wants_contents());
  CHECK(of.agenda.needs_contents());
  CHECK(of.take() == ids{});
  of.seen.reads = 1;
  of.agenda.touch(5);
  CHECK(of.take() == ids{1, 2, 5});
  CHECK(of.take() == ids{});
  of.agenda.note(2, {});
  CHECK(of.agenda.wants_contents());
  CHECK_FALSE(of.agenda.needs_contents());
  of.seen.reads = 2;
  CHECK(of.take() == ids{1});
  of.agenda.note(1, {});
  CHECK_FALSE(of.agenda.wants_contents());
}

TEST_CASE("one that somebody waits for is looked at each time") {
  five of;
  of.agenda.note(3, {contents::unwanted, caller::waits});
  CHECK(of.take() == ids{3});
  CHECK(of.take() == ids{3});
  of.agenda.note(3, {});
  CHECK(of.take() == ids{});
}

TEST_CASE("one that is due is looked at from then on, until it says "
          "otherwise") {
  five of;
  of.agenda.note(1, {contents::unwanted, caller::none, t0 + 2s});
  of.agenda.note(2, {contents::unwanted, caller::none, t0 + 1s});
  CHECK(of.agenda.due() == t0 + 1s);
  CHECK(of.take() == ids{});
  CHECK(of.take(t0 + 1s) == ids{2});
  CHECK(of.take(t0 + 1s) == ids{2});
  of.agenda.note(2, {contents::unwanted, caller::none, t0 + 3s});
  CHECK(of.agenda.due() == t0 + 2s);
  CHECK(of.take(t0 + 1s) == ids{});
  CHECK(of.take(t0 + 3s) == ids{1, 2});
  of.agenda.note(1, {});
  of.agenda.note(2, {});
  CHECK_FALSE(of.agenda.due());
  CHECK(of.take(t0 + 3s) == ids{});
}

TEST_CASE("what was forgotten is not looked at, whatever was known of it") {
  five of;
  of.agenda.note(3, {contents::needed, caller::waits, t0});
  of.agenda.touch(3);
  of.agenda.erase(3);
  of.agenda.erase(3);
  of.all.erase(3);
  of.seen.reads = 1;
  CHECK(of.take() == ids{});
  CHECK_FALSE(of.agenda.wants_contents());
  CHECK_FALSE(of.agenda.due());
  of.agenda.touch_all();
  CHECK(of.take() == ids{1, 2, 4, 5});
}

TEST_SUITE_END();
