// SPDX-License-Identifier: Apache-2.0
#include "core/volume/watch_table.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::inotify_mask;

namespace {

const std::string old_generation = "..2026_01_02_03_04_05.123456789";

using events = std::vector<volume_event>;

/// The kind that an event of the one watch of a table gets.
volume_hint kind_of(std::uint32_t mask, const std::string& name) {
  watch_table table;
  table.add("/v", 1);
  const auto outcome = table.handle({1, mask, 0, name});
  REQUIRE(outcome.events.size() == 1);
  CHECK(outcome.events[0].path == "/v");
  CHECK_FALSE(outcome.overflow);
  return outcome.events[0].hint;
}

/// What watch_table is, said in the most naive way.
struct naive_table {
  std::vector<std::pair<std::string, int>> rows;

  bool has_wd(int wd) const {
    return std::any_of(rows.begin(), rows.end(), [wd](const auto& row) {
      return row.second == wd;
    });
  }
  std::optional<int> remove(const std::string& path) {
    for (auto row = rows.begin(); row != rows.end(); ++row)
      if (row->first == path) {
        const int wd = row->second;
        rows.erase(row);
        return has_wd(wd) ? std::nullopt : std::optional{wd};
      }
    return std::nullopt;
  }
  std::optional<int> add(const std::string& path, int wd) {
    const auto gone = remove(path);
    rows.emplace_back(path, wd);
    return gone == wd ? std::nullopt : gone;
  }
  events handle(int wd, volume_hint kind) {
    events out;
    for (const auto& row : rows)
      if (row.second == wd)
        out.push_back({row.first, kind});
    std::sort(out.begin(), out.end(), [](const auto& x, const auto& y) {
      return x.path < y.path;
    });
    if (kind == volume_hint::watch_anew)
      std::erase_if(rows, [wd](const auto& row) {
        return row.second == wd;
      });
    return out;
  }
};

/// Masks of each kind; `name` is that of the event.
struct sample {
  std::uint32_t mask;
  const char* name;
  volume_hint kind;
};

constexpr sample samples[] = {
  {moved_to, "..data", volume_hint::read_now},
  {attrib | is_directory, "", volume_hint::look_closely},
  {removed, "key", volume_hint::nothing},
  {ignored, "", volume_hint::watch_anew},
  {move_self, "", volume_hint::watch_anew},
};

} // namespace

TEST_SUITE_BEGIN("core/volume/watch_table");

TEST_CASE("only the rename of ..data into place is a flip") {
  CHECK(kind_of(moved_to, "..data") == volume_hint::read_now);
  CHECK(kind_of(moved_to, "..data_tmp") == volume_hint::nothing);
  CHECK(kind_of(moved_to, "key") == volume_hint::nothing);
  CHECK(kind_of(removed, "..data") == volume_hint::nothing);
}

TEST_CASE("only the removal of a generation's directory is one") {
  CHECK(kind_of(removed | is_directory, old_generation) == volume_hint::look);
  CHECK(kind_of(removed, old_generation) == volume_hint::nothing);
  CHECK(kind_of(removed | is_directory, "..x") == volume_hint::nothing);
}

TEST_CASE("only a generation's directory that is made is one, by its name") {
  CHECK(kind_of(created | is_directory, old_generation) == volume_hint::begun);
  CHECK(kind_of(created, old_generation) == volume_hint::nothing);
  CHECK(kind_of(created | is_directory, "key") == volume_hint::nothing);
  CHECK(kind_of(created, "..data_tmp") == volume_hint::nothing);
  watch_table table;
  table.add("/v", 1);
  const auto named = [&table](std::uint32_t mask) {
    return table.handle({1, mask, 0, old_generation}).events.at(0).generation;
  };
  CHECK(named(created | is_directory) == old_generation);
  CHECK(named(removed | is_directory).empty());
}

TEST_CASE("attributes are those of the volume's root and of all in it") {
  CHECK(kind_of(attrib | is_directory, "") == volume_hint::look_closely);
  CHECK(kind_of(attrib, "key") == volume_hint::look_closely);
  CHECK(kind_of(attrib, "..data") == volume_hint::look_closely);
  CHECK(kind_of(attrib | is_directory, old_generation)
        == volume_hint::look_closely);
}

TEST_CASE("what is awaited returns when its name appears, or nobody could tell "
          "any longer") {
  const auto said = [](std::uint32_t mask, const std::string& name) {
    watch_table table;
    CHECK_FALSE(table.await("/up/v", 1, "v"));
    CHECK(table.is_awaited("/up/v"));
    const auto kind = table.handle({1, mask, 0, name}).events.at(0).hint;
    CHECK(table.is_awaited("/up/v") == ((mask & (ignored | move_self)) == 0));
    return kind;
  };
  CHECK(said(created | is_directory, "v") == volume_hint::watch_again);
  CHECK(said(moved_to | is_directory, "v") == volume_hint::watch_again);
  CHECK(said(ignored, "") == volume_hint::watch_again);
  CHECK(said(move_self, "") == volume_hint::watch_again);
  CHECK(said(created | is_directory, "w") == volume_hint::nothing);
  CHECK(said(removed | is_directory, "v") == volume_hint::nothing);
  CHECK(said(attrib, "") == volume_hint::nothing);
}

TEST_CASE("a directory may be watched for itself and for what is awaited in "
          "it") {
  watch_table table;
  table.add("/up", 1);
  CHECK_FALSE(table.await("/up/v", 1, "v"));
  CHECK(
    table.handle({1, moved_to, 0, "..data"}).events
    == events{{"/up", volume_hint::read_now}, {"/up/v", volume_hint::nothing}});
  // The volume is back: its own directory is watched.
  CHECK_FALSE(table.add("/up/v", 2));
  CHECK_FALSE(table.is_awaited("/up/v"));
  CHECK(table.handle({1, created, 0, "v"}).events
        == events{{"/up", volume_hint::nothing}});
  CHECK(table.await("/up/v", 1, "v") == 2);
  CHECK_FALSE(table.remove("/up"));
  CHECK(table.remove("/up/v") == 1);
}

TEST_CASE("whatever ends a watch loses it") {
  for (const auto mask :
       {ignored, unmount, delete_self, move_self, delete_self | is_directory})
    CHECK(kind_of(mask, "") == volume_hint::watch_anew);
}

TEST_CASE("an overflow belongs to no watch and concerns all") {
  watch_table table;
  table.add("/v", 1);

  const auto outcome = table.handle({-1, queue_overflow, 0, ""});

  CHECK(outcome.overflow);
  CHECK(outcome.events.empty());
  CHECK(table.find("/v") == 1);
}

TEST_CASE("paths of one directory share its watch until the last is removed") {
  watch_table table;
  CHECK_FALSE(table.add("/a", 5));
  CHECK_FALSE(table.add("/b", 5));
  CHECK(table.path_count() == 2);
  CHECK(table.watch_count() == 1);

  const auto outcome = table.handle({5, moved_to, 0, "..data"});

  CHECK(
    outcome.events
    == events{{"/a", volume_hint::read_now}, {"/b", volume_hint::read_now}});
  CHECK_FALSE(table.remove("/a"));
  CHECK(table.remove("/b") == 5);
  CHECK(table.watch_count() == 0);
}

TEST_CASE("adding and removing twice is once") {
  watch_table table;
  CHECK_FALSE(table.add("/a", 5));
  CHECK_FALSE(table.add("/a", 5));
  CHECK(table.remove("/a") == 5);
  CHECK_FALSE(table.remove("/a"));
}

TEST_CASE("a path that names another directory moves to its watch") {
  watch_table table;
  table.add("/a", 5);
  table.add("/b", 5);

  CHECK_FALSE(table.add("/a", 6));
  CHECK(table.add("/b", 7) == 5);

  CHECK(table.handle({5, moved_to, 0, "..data"}).events.empty());
  CHECK(table.handle({6, moved_to, 0, "..data"}).events.size() == 1);
  CHECK(table.find("/b") == 7);
}

TEST_CASE("events of a watch that was removed are stale and say nothing") {
  watch_table table;
  table.add("/a", 5);
  table.remove("/a");
  table.add("/a", 6);

  CHECK(table.handle({5, moved_to, 0, "..data"}).events.empty());
  CHECK(table.handle({5, ignored, 0, ""}).events.empty());
  CHECK(table.find("/a") == 6);
}

TEST_CASE("a lost watch is told once for each path and then forgotten") {
  watch_table table;
  table.add("/a", 5);
  table.add("/b", 5);

  const auto first = table.handle({5, delete_self, 0, ""});
  const auto second = table.handle({5, ignored, 0, ""});

  CHECK(first.events.size() == 2);
  CHECK(second.events.empty());
  CHECK_FALSE(table.find("/a"));
  CHECK(table.path_count() == 0);
}

TEST_CASE("only a directory that was moved away leaves a watch to remove") {
  for (const auto mask : {ignored, unmount, delete_self, move_self}) {
    CAPTURE(mask);
    watch_table table;
    table.add("/a", 5);
    const auto outcome = table.handle({5, mask, 0, ""});
    CHECK(outcome.obsolete.has_value() == (mask == move_self));
  }
}

TEST_CASE("any sequence leaves what the naive table has") {
  std::mt19937_64 random{20260104};
  for (int round = 0; round < 200; ++round) {
    watch_table table;
    naive_table naive;
    for (int step = 0; step < 60; ++step) {
      CAPTURE(round);
      CAPTURE(step);
      const auto path = "/" + std::to_string(random() % 6);
      const auto wd = static_cast<int>(random() % 4 + 1);
      switch (random() % 4) {
      case 0:
      case 1: CHECK(table.add(path, wd) == naive.add(path, wd)); break;
      case 2: CHECK(table.remove(path) == naive.remove(path)); break;
      default: {
        const auto& one = samples[random() % std::size(samples)];
        CHECK(table.handle({wd, one.mask, 0, one.name}).events
              == naive.handle(wd, one.kind));
      }
      }
      CHECK(table.path_count() == naive.rows.size());
    }
  }
}

TEST_CASE("a watch that ended while it was placed again does not stand") {
  watch_table table;
  table.add("/a", 1);
  table.placing();
  CHECK(table.remove("/a") == 1);
  CHECK_FALSE(table.placed(1));
  // What ended before any was being placed is given out to nobody.
  table.placing();
  CHECK(table.placed(1));
  table.placing();
  table.placing();
  table.handle({7, inotify_mask::ignored, 0, ""});
  CHECK(table.placed(std::nullopt));
  CHECK_FALSE(table.placed(7));
}

TEST_SUITE_END();
