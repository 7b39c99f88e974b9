// SPDX-License-Identifier: Apache-2.0
#include "core/volume/host_volume.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using time_point = host_volume::time_point;

constexpr time_point t0{1h};

result<volume_snapshot_ptr> contents(const std::string& name,
                                     std::uint64_t digest = 1) {
  volume_snapshot s;
  s.id = {name, digest};
  return std::make_shared<const volume_snapshot>(std::move(s));
}

// A read that failed is tried again: first it is watched.
void retry(host_volume& v, time_point now) {
  REQUIRE(v.next(now) == volume_request::watch);
  v.watched(directory_id{1, 2}, now);
  REQUIRE(v.next(now) == volume_request::read);
}

// A volume that was watched and read.
host_volume read_volume() {
  host_volume v{{}};
  REQUIRE(v.next(t0) == volume_request::watch);
  v.watched(directory_id{1, 2}, t0);
  REQUIRE(v.next(t0) == volume_request::read);
  v.read(contents("..1"), t0);
  REQUIRE(v.next(t0) == std::nullopt);
  return v;
}

} // namespace

namespace {

const error no_watches{errc::resource_exhausted, "max_user_watches"};
const error gone{errc::not_found, "open: No such file or directory"};
const error no_shape{errc::failed_precondition, "/v has no ..data"};

} // namespace

TEST_SUITE_BEGIN("core/volume/host_volume");

TEST_CASE("the watch is placed before the first read") {
  host_volume v{{}};
  CHECK(v.next(t0) == volume_request::watch);
  CHECK(v.next(t0) == std::nullopt);
  v.watched(directory_id{1, 2}, t0);
  CHECK(v.next(t0) == volume_request::read);
}

TEST_CASE("what a volume is like is known while nothing is to be done or found "
          "out about it") {
  auto v = read_volume();
  const auto known = v.known("/v");
  REQUIRE(known);
  CHECK(known->path == "/v");
  CHECK(known->root == directory_id{1, 2});
  CHECK(known->generation == "..1");
  SUBCASE("not while it is new") {
    CHECK_FALSE(host_volume{{}}.known("/v"));
  }
  SUBCASE("not while it is watched, looked at and read") {
    v.hint(volume_hint::compare, t0);
    CHECK_FALSE(v.known("/v"));
    REQUIRE(v.next(t0) == volume_request::watch);
    v.watched(directory_id{1, 5}, t0);
    CHECK_FALSE(v.known("/v"));
    REQUIRE(v.next(t0) == volume_request::look);
    CHECK_FALSE(v.known("/v"));
    v.looked(volume_look{"..2", {}}, t0);
    CHECK_FALSE(v.known("/v"));
    REQUIRE(v.next(t0) == volume_request::read);
    CHECK_FALSE(v.known("/v"));
    v.read(contents("..2"), t0);
    REQUIRE(v.known("/v"));
    CHECK(v.known("/v")->root == directory_id{1, 5});
    CHECK(v.known("/v")->generation == "..2");
  }
  SUBCASE("not where it cannot be watched") {
    v.hint(volume_hint::compare, t0);
    REQUIRE(v.next(t0) == volume_request::watch);
    v.watched(no_watches, t0);
    REQUIRE(v.next(t0) == volume_request::look);
    v.looked(volume_look{"..1", {}}, t0);
    CHECK_FALSE(v.known("/v"));
  }
  SUBCASE("not while it is gone, or cannot be read") {
    for (const auto& why : {gone, no_shape}) {
      v = read_volume();
      v.hint(volume_hint::look, t0);
      REQUIRE(v.next(t0) == volume_request::look);
      v.looked(why, t0);
      CHECK_FALSE(v.known("/v"));
    }
  }
}

TEST_CASE("a flip is read at once") {
  auto v = read_volume();
  v.hint(volume_hint::read_now, t0 + 1s);
  CHECK(v.next(t0 + 1s) == volume_request::read);
  v.read(contents("..2"), t0 + 2s);
  CHECK(v.current()->name == "..2");
  CHECK(v.changed_at() == t0 + 1s);
}

TEST_CASE("a newer generation that cannot be read is known to be missing") {
  auto v = read_volume();
  CHECK_FALSE(v.unread_since());
  v.hint(volume_hint::read_now, t0 + 1s);
  REQUIRE(v.next(t0 + 1s) == volume_request::read);
  v.read(error{errc::aborted, "superseded"}, t0 + 2s);
  CHECK_FALSE(v.unread_since());
  REQUIRE(v.next(t0 + 3s) == volume_request::read);
  v.read(error{errc::resource_exhausted, "too large"}, t0 + 3s);
  CHECK(v.unread_since() == t0 + 1s);
  retry(v, t0 + 40s);
  v.read(error{errc::resource_exhausted, "too large"}, t0 + 40s);
  CHECK(v.unread_since() == t0 + 1s);
  SUBCASE("until it is read") {
    retry(v, t0 + 80s);
    v.read(contents("..3"), t0 + 80s);
    CHECK_FALSE(v.unread_since());
  }
  SUBCASE("or the volume is gone") {
    retry(v, t0 + 80s);
    v.read(error{errc::not_found, "gone"}, t0 + 80s);
    CHECK_FALSE(v.unread_since());
  }
}

TEST_CASE("a flip while reading is looked at afterwards") {
  auto v = read_volume();
  v.hint(volume_hint::read_now, t0);
  REQUIRE(v.next(t0) == volume_request::read);
  v.hint(volume_hint::read_now, t0);
  v.read(contents("..2"), t0);
  CHECK(v.next(t0) == volume_request::look);
  v.looked(volume_look{"..3", {}}, t0);
  CHECK(v.next(t0) == volume_request::read);
}

TEST_CASE("the removal of a generation alone is enough to find a new one") {
  auto v = read_volume();
  v.hint(volume_hint::look, t0);
  REQUIRE(v.next(t0) == volume_request::look);
  v.looked(volume_look{"..2", {}}, t0);
  CHECK(v.next(t0) == volume_request::read);
}

TEST_CASE("a look that finds nothing new reads nothing") {
  auto v = read_volume();
  v.hint(volume_hint::compare, t0);
  REQUIRE(v.next(t0) == volume_request::watch);
  v.watched(directory_id{1, 2}, t0);
  REQUIRE(v.next(t0) == volume_request::look);
  v.looked(volume_look{"..1", {}}, t0);
  CHECK(v.next(t0) == std::nullopt);
}

TEST_CASE("all copies of a generation cost one look, a moment after the first, "
          "and none where it was read again meanwhile") {
  auto v = read_volume();
  v.look_later(t0);
  v.look_later(t0 + 60ms);
  CHECK(v.next(t0 + 99ms) == std::nullopt);
  CHECK(v.next_due() == t0 + 100ms);
  SUBCASE("one look") {
    CHECK(v.next(t0 + 100ms) == volume_request::look);
    v.looked(volume_look{"..1", {}}, t0 + 100ms);
    CHECK(v.next(t0 + 1h) == std::nullopt);
    CHECK_FALSE(v.next_due());
    v.look_later(t0 + 1h);
    CHECK(v.next_due() == t0 + 1h + 100ms);
  }
  SUBCASE("it finds what had no event") {
    REQUIRE(v.next(t0 + 100ms) == volume_request::look);
    v.looked(volume_look{"..2", {}}, t0 + 100ms);
    CHECK(v.next(t0 + 100ms) == volume_request::read);
  }
  SUBCASE("a rotation is read at once, and is what would have been looked at") {
    v.hint(volume_hint::read_now, t0 + 70ms);
    CHECK(v.next(t0 + 70ms) == volume_request::read);
    v.read(contents("..2"), t0 + 71ms);
    CHECK(v.next(t0 + 1h) == std::nullopt);
    CHECK_FALSE(v.next_due());
  }
}

TEST_CASE("attributes are compared when they have been quiet for 20 ms") {
  auto v = read_volume();
  v.hint(volume_hint::look_closely, t0);
  v.hint(volume_hint::look_closely, t0 + 15ms);
  CHECK(v.next(t0 + 34ms) == std::nullopt);
  CHECK(v.next_due() == t0 + 35ms);
  CHECK(v.next(t0 + 35ms) == volume_request::look_closely);
  SUBCASE("the same digest is no change") {
    v.looked(volume_look{"..1", 1}, t0 + 35ms);
    CHECK(v.next(t0 + 35ms) == std::nullopt);
  }
  SUBCASE("another digest is a new generation of that name") {
    v.looked(volume_look{"..1", 2}, t0 + 35ms);
    CHECK(v.next(t0 + 35ms) == volume_request::read);
  }
}

TEST_CASE("after a change of modes or owners two looks have to agree") {
  auto v = read_volume();
  v.hint(volume_hint::look_closely, t0);
  REQUIRE(v.next(t0 + 20ms) == volume_request::look_closely);
  v.looked(volume_look{"..1", 2}, t0 + 20ms);
  REQUIRE(v.next(t0 + 20ms) == volume_request::read);
  v.read(contents("..1", 2), t0 + 21ms);
  CHECK(v.changed_at() == t0);
  CHECK(v.next_due() == t0 + 41ms);
  REQUIRE(v.next(t0 + 41ms) == volume_request::look_closely);
  SUBCASE("they do") {
    v.looked(volume_look{"..1", 2}, t0 + 41ms);
    CHECK_FALSE(v.next(t0 + 41ms));
    CHECK_FALSE(v.next_due());
  }
  SUBCASE("they do not") {
    v.looked(volume_look{"..1", 3}, t0 + 41ms);
    REQUIRE(v.next(t0 + 41ms) == volume_request::read);
    v.read(contents("..1", 3), t0 + 41ms);
    CHECK(v.next(t0 + 61ms) == volume_request::look_closely);
  }
}

TEST_CASE("what was set before a flip is read with it, and costs no look") {
  auto v = read_volume();
  v.hint(volume_hint::look_closely, t0);
  v.hint(volume_hint::read_now, t0 + 1ms);
  REQUIRE(v.next(t0 + 1ms) == volume_request::read);
  v.read(contents("..2", 9), t0 + 2ms);
  CHECK_FALSE(v.next_due());
  SUBCASE("what was set after it is looked for") {
    v.hint(volume_hint::look_closely, t0 + 3ms);
    CHECK(v.next(t0 + 23ms) == volume_request::look_closely);
  }
}

TEST_CASE("each generation counts from its own first hint") {
  auto v = read_volume();
  v.hint(volume_hint::read_now, t0 + 1s);
  REQUIRE(v.next(t0 + 1s) == volume_request::read);
  SUBCASE("one that is published while another is read") {
    v.hint(volume_hint::read_now, t0 + 3s);
    v.read(contents("..2"), t0 + 4s);
    CHECK(v.changed_at() == t0 + 1s);
    REQUIRE(v.next(t0 + 4s) == volume_request::look);
    v.looked(volume_look{"..3", {}}, t0 + 4s);
    REQUIRE(v.next(t0 + 4s) == volume_request::read);
    v.read(contents("..3"), t0 + 5s);
    CHECK(v.changed_at() == t0 + 3s);
  }
  SUBCASE("one that supersedes what is read") {
    v.hint(volume_hint::read_now, t0 + 3s);
    v.read(error{errc::aborted, "superseded"}, t0 + 4s);
    while (v.next(t0 + 5s) != volume_request::read)
      v.looked(volume_look{"..3", {}}, t0 + 5s);
    v.read(contents("..3"), t0 + 5s);
    CHECK(v.changed_at() == t0 + 3s);
  }
  SUBCASE("one of which only that tells") {
    v.read(error{errc::aborted, "superseded"}, t0 + 2s);
    REQUIRE(v.next(t0 + 3s) == volume_request::read);
    v.read(contents("..3"), t0 + 3s);
    CHECK(v.changed_at() == t0 + 1s);
  }
  SUBCASE("one that was published before anybody read") {
    v.read(contents("..2"), t0 + 2s);
    v.hint(volume_hint::read_now, t0 + 3s);
    v.hint(volume_hint::look, t0 + 4s);
    v.hint(volume_hint::read_now, t0 + 5s);
    v.hint(volume_hint::look, t0 + 6s);
    REQUIRE(v.next(t0 + 7s) == volume_request::read);
    v.read(contents("..4"), t0 + 7s);
    CHECK(v.changed_at() == t0 + 5s);
  }
}

TEST_CASE("a superseded read is repeated soon, a failed one later") {
  auto v = read_volume();
  v.hint(volume_hint::read_now, t0);
  REQUIRE(v.next(t0) == volume_request::read);
  v.read(error{errc::aborted, "superseded"}, t0);
  CHECK(v.next(t0) == std::nullopt);
  CHECK(*v.next_due() <= t0 + 2ms);
  CHECK_FALSE(v.last_error());
  REQUIRE(v.next(t0 + 2ms) == volume_request::read);
  v.read(error{errc::internal, "read: Input/output error"}, t0);
  CHECK(*v.next_due() >= t0 + 50ms);
  CHECK(v.last_error()->code == errc::internal);
}

TEST_CASE("a volume that cannot be watched is polled") {
  host_volume v{{}};
  v.next(t0);
  v.watched(error{errc::resource_exhausted, "max_user_watches"}, t0);
  REQUIRE(v.next(t0) == volume_request::read);
  v.read(contents("..1"), t0);
  CHECK_FALSE(v.is_watched());
  CHECK(v.is_polled());
  CHECK(v.next_due() == t0 + 1s);
  CHECK(v.next(t0 + 1s) == volume_request::look);
  v.looked(volume_look{"..1", {}}, t0 + 1s);
  CHECK(v.next_due() == t0 + 2s);
}

TEST_CASE(
  "every tenth poll compares modes and owners, of which no event tells") {
  host_volume v{{}};
  v.next(t0);
  v.watched(no_watches, t0);
  v.next(t0);
  v.read(contents("..1"), t0);
  for (int n = 1; n <= 20; ++n) {
    INFO("poll ", n);
    CHECK(
      v.next(t0 + n * 1s)
      == (n % 10 == 0 ? volume_request::look_closely : volume_request::look));
    v.looked(volume_look{"..1", {}}, t0 + n * 1s);
  }
}

TEST_CASE("why a volume is not watched is known until it is watched") {
  host_volume v{{}};
  v.next(t0);
  CHECK(v.watched(no_watches, t0));
  v.next(t0);
  v.read(contents("..1"), t0);
  v.next(t0 + 1s);
  v.looked(volume_look{"..1", {}}, t0 + 1s);
  REQUIRE(v.watch_error());
  CHECK(v.watch_error()->message == "max_user_watches");
  CHECK_FALSE(v.last_error());

  v.hint(volume_hint::compare, t0 + 2s);
  REQUIRE(v.next(t0 + 2s) == volume_request::watch);
  SUBCASE("and told once") {
    CHECK_FALSE(v.watched(no_watches, t0 + 2s));
    CHECK(v.is_polled());
  }
  SUBCASE("by a later sweep") {
    CHECK(v.watched(directory_id{1, 2}, t0 + 2s));
    CHECK(v.is_watched());
    CHECK_FALSE(v.is_polled());
    CHECK_FALSE(v.watch_error());
    REQUIRE(v.next(t0 + 2s) == volume_request::look);
    v.looked(volume_look{"..1", {}}, t0 + 2s);
    CHECK_FALSE(v.next_due());
  }
}

TEST_CASE("the first watch that is placed is no news") {
  host_volume v{{}};
  v.next(t0);
  CHECK_FALSE(v.watched(directory_id{1, 2}, t0));
}

TEST_CASE(
  "a directory that is gone is awaited above it, and where that cannot be, a "
  "sweep finds it when it is back") {
  auto v = read_volume();
  v.release_snapshot();
  v.hint(volume_hint::watch_anew, t0);
  REQUIRE(v.next(t0) == volume_request::watch);
  CHECK(v.watched(gone, t0));
  REQUIRE(v.next(t0) == volume_request::look);
  v.looked(gone, t0);
  CHECK_FALSE(v.is_polled());
  CHECK(v.is_missing());
  v.want_snapshot();
  REQUIRE(v.next(t0) == volume_request::await);
  v.awaited(gone);
  CHECK_FALSE(v.next(t0));
  CHECK_FALSE(v.next_due());
  CHECK(v.current()->name == "..1");

  v.hint(volume_hint::compare, t0 + 30s);
  REQUIRE(v.next(t0 + 30s) == volume_request::watch);
  SUBCASE("still gone") {
    CHECK_FALSE(v.watched(gone, t0 + 30s));
    REQUIRE(v.next(t0 + 30s) == volume_request::look);
    v.looked(gone, t0 + 30s);
    CHECK(v.next(t0 + 30s) == volume_request::await);
    CHECK_FALSE(v.next_due());
  }
  SUBCASE("back") {
    CHECK(v.watched(directory_id{1, 2}, t0 + 30s));
    REQUIRE(v.next(t0 + 30s) == volume_request::look);
    v.looked(volume_look{"..2", {}}, t0 + 30s);
    CHECK_FALSE(v.is_missing());
    CHECK(v.next(t0 + 30s) == volume_request::read);
  }
}

TEST_CASE("once a directory above is watched a volume is looked for once more, "
          "then left alone until it is back") {
  auto v = read_volume();
  v.hint(volume_hint::watch_anew, t0);
  const auto look_in_vain = [&] {
    REQUIRE(v.next(t0) == volume_request::watch);
    v.watched(gone, t0);
    REQUIRE(v.next(t0) == volume_request::look);
    v.looked(gone, t0);
  };
  look_in_vain();
  REQUIRE(v.next(t0) == volume_request::await);
  v.awaited(unit{});
  look_in_vain();
  CHECK_FALSE(v.next(t0));
  v.hint(volume_hint::watch_again, t0 + 1s);
  SUBCASE("a directory above it") {
    look_in_vain();
    CHECK(v.next(t0) == volume_request::await);
  }
  SUBCASE("itself, empty at first") {
    REQUIRE(v.next(t0 + 1s) == volume_request::watch);
    v.watched(directory_id{1, 2}, t0 + 1s);
    REQUIRE(v.next(t0 + 1s) == volume_request::look);
    v.looked(no_shape, t0 + 1s);
    CHECK_FALSE(v.is_missing());
    CHECK(v.unread_since());
    v.hint(volume_hint::read_now, t0 + 2s);
    retry(v, t0 + 2s);
    v.read(contents("..2"), t0 + 2s);
    CHECK_FALSE(v.unread_since());
    CHECK_FALSE(v.last_error());
  }
}

TEST_CASE("what could not be read is watched anew before each try, and once "
          "more when it could") {
  auto v = read_volume();
  v.hint(volume_hint::watch_anew, t0);
  v.next(t0);
  v.watched(directory_id{1, 2}, t0);
  REQUIRE(v.next(t0) == volume_request::look);
  // The directory below the file system that was unmounted.
  v.looked(no_shape, t0);
  CHECK_FALSE(v.next(t0));
  auto now = t0;
  for (int n = 0; n < 20; ++n) {
    const auto due = v.next_due();
    REQUIRE(due);
    CHECK(*due <= now + 2s);
    now = *due;
    retry(v, now);
    v.read(no_shape, now);
  }
  now = *v.next_due();
  retry(v, now);
  // What was mounted after the watch was placed.
  v.read(contents("..2"), now);
  REQUIRE(v.next(now) == volume_request::watch);
  v.watched(directory_id{1, 2}, now);
  REQUIRE(v.next(now) == volume_request::look);
  v.looked(volume_look{"..2", {}}, now);
  CHECK_FALSE(v.next(now));
  CHECK_FALSE(v.next_due());
}

TEST_CASE(
  "what is superseded or vanishes at every try is shown after a second, "
  "and hopeless after three") {
  auto v = read_volume();
  v.hint(volume_hint::read_now, t0);
  auto now = t0;
  int tries = 0;
  const auto fail_until = [&](time_point end) {
    while (now < end) {
      const auto asked = v.next(now);
      if (asked == volume_request::watch)
        v.watched(directory_id{1, 2}, now);
      else if (asked) {
        ++tries;
        v.read(error{errc::aborted, "/v/..2 vanished while it was read"}, now);
      } else
        now = *v.next_due();
    }
  };
  fail_until(t0 + 900ms);
  CHECK_FALSE(v.unread_since());
  fail_until(t0 + 1500ms);
  CHECK(v.unread_since() == t0);
  CHECK_FALSE(v.hopeless());
  fail_until(t0 + 4s);
  REQUIRE(v.hopeless());
  CHECK(v.hopeless()->code == errc::failed_precondition);
  CHECK(v.hopeless()->message
        == "nothing whole can be read for 3s: /v/..2 vanished while it was "
           "read");
  CHECK(v.last_error() == v.hopeless());
  // Ever more rarely.
  tries = 0;
  fail_until(t0 + 300s);
  CHECK(tries < 30);
  v.hint(volume_hint::read_now, now);
  REQUIRE(v.next(now) == volume_request::read);
  v.read(contents("..3"), now);
  CHECK_FALSE(v.hopeless());
  CHECK_FALSE(v.last_error());
  CHECK_FALSE(v.unread_since());
}

TEST_CASE("a lost watch is placed again before the volume is compared") {
  auto v = read_volume();
  v.hint(volume_hint::watch_anew, t0);
  CHECK_FALSE(v.is_watched());
  CHECK(v.next(t0) == volume_request::watch);
  v.watched(directory_id{1, 2}, t0);
  CHECK(v.next(t0) == volume_request::look);
}

TEST_CASE("contents that were let go are read again when wanted") {
  auto v = read_volume();
  v.release_snapshot();
  CHECK(v.snapshot() == nullptr);
  CHECK(v.next(t0) == std::nullopt);
  v.want_snapshot();
  CHECK(v.next(t0) == volume_request::read);
}

TEST_CASE("a volume whose watch is not answered is not known, and is watched "
          "anew once it answers") {
  auto v = read_volume();
  v.hint(volume_hint::compare, t0);
  REQUIRE(v.next(t0) == volume_request::watch);
  CHECK(v.asked_at() == t0);
  v.watched(error{errc::deadline_exceeded, "watch /v: no answer"}, t0 + 10s);
  CHECK_FALSE(v.asked_at());
  CHECK(v.unread_since() == t0 + 10s);
  REQUIRE(v.last_error());
  CHECK(v.last_error()->message == "watch /v: no answer");
  CHECK(v.is_polled());
  REQUIRE(v.next(t0 + 10s) == volume_request::look);
  v.looked(error{errc::deadline_exceeded, "look at /v: no answer"}, t0 + 20s);
  CHECK(v.unread_since() == t0 + 10s);
  // Retries are apart by more and more.
  auto now = t0 + 20s;
  std::size_t tries = 0;
  for (; now < t0 + 120s; now += 100ms)
    if (const auto asked = v.next(now)) {
      ++tries;
      if (asked == volume_request::read)
        v.read(error{errc::deadline_exceeded, "read /v: no answer"}, now);
      else
        v.looked(error{errc::deadline_exceeded, "look at /v: no answer"}, now);
    }
  CHECK(tries < 20);
  CHECK(v.unread_since() == t0 + 10s);
  for (; v.next(now) != volume_request::read; now += 100ms)
    REQUIRE(now < t0 + 200s);
  v.read(contents("..2"), now);
  CHECK_FALSE(v.unread_since());
  CHECK(v.next(now) == volume_request::watch);
}

TEST_SUITE_END();
