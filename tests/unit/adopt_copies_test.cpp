// SPDX-License-Identifier: Apache-2.0
#include "core/journal/adoption.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

/// A sandbox in copy mode as it was written down.
struct situation {
  situation() {
    recorded_prepare prepare;
    prepare.request.sandbox_id = "sb";
    prepare.request.mode = sharing_mode::copy;
    prepare.guest_share_dir = "/g";
    note(prepare);
    note(recorded_progress{recorded_phase::made});
  }
  void note(const journal_record& record) {
    sandbox.apply(record);
  }
  void copy(const std::string& id, source_kind kind,
            copy_life life = copy_life::until_last_share) {
    recorded_copy begun{id, {}};
    begun.terms.kind = kind;
    begun.terms.life = life;
    begun.terms.guest_path = "/g/" + id;
    note(begun);
  }
  void share(const std::string& id, const std::string& copy_id) {
    recorded_copied_share ready;
    ready.share_id = id;
    ready.copy_id = copy_id;
    note(ready);
  }
  void live(const std::string& id) {
    recorded_destination at{id, {}};
    at.guest.acknowledged = generation{"..1", 1};
    at.guest.live_name = "..1.1";
    at.guest.generations["..1.1"].room = 4096;
    at.guest.others_room = 8192;
    at.guest.landmarks = {"/g/" + id + "/..1.1/a"};
    note(at);
  }
  adopted_sandbox adopted() const {
    const auto what = adopt(sandbox, layout_of(sandbox, "/share"), {});
    REQUIRE(std::holds_alternative<adopted_sandbox>(what));
    return std::get<adopted_sandbox>(what);
  }

  recorded_sandbox sandbox;
};

} // namespace

TEST_SUITE_BEGIN("core/journal/adopt_copies");

TEST_CASE("of a sandbox in copy mode only Prepare and Cleanup are ended, "
          "whatever is on the host") {
  situation s;
  CHECK(s.adopted().sandbox == s.sandbox);
  for (const auto phase : {recorded_phase::intended, recorded_phase::leaving}) {
    s.sandbox.phase = phase;
    const auto what = adopt(s.sandbox, layout_of(s.sandbox, "/share"), {});
    const auto* unfinished = std::get_if<unfinished_sandbox>(&what);
    REQUIRE(unfinished != nullptr);
    CHECK(unfinished->phase == phase);
  }
}

TEST_CASE("a tree that was cut off is a leftover, and its shares are gone") {
  situation s;
  s.copy("t", source_kind::tree);
  s.share("s", "t");
  const auto got = s.adopted();
  CHECK(got.sandbox.copies.empty());
  CHECK(got.sandbox.copied.empty());
  CHECK(got.sandbox.leftovers.size() == 1);
  CHECK(got.sandbox.leftovers.contains("/g/t"));
  // What is written down comes to the same.
  auto written = s.sandbox;
  for (const auto& record : got.decided)
    CHECK(written.apply(record));
  CHECK(written == got.sandbox);
}

TEST_CASE("a volume of which nothing is live stays: to be ended where no share "
          "was ready, else to be sent again") {
  for (const bool was_ready : {false, true}) {
    situation s;
    s.copy("v", source_kind::volume);
    if (was_ready)
      s.share("s", "v");
    const auto got = s.adopted();
    CHECK(got.sandbox.copies.contains("v"));
    CHECK(got.sandbox.copied.contains("s") == was_ready);
    CHECK(got.sandbox.leftovers.empty());
  }
}

TEST_CASE("what is whole goes on, and what ends goes on ending") {
  situation s;
  s.copy("t", source_kind::tree);
  s.note(recorded_tree{"t", false, false, {}, {}, {}, 4096, "/g/t/f"});
  s.share("s1", "t");
  s.copy("v", source_kind::volume);
  s.live("v");
  s.share("s2", "v");
  s.note(recorded_share_progress{"s2", recorded_phase::leaving});
  const auto got = s.adopted();
  CHECK(got.decided.empty());
  CHECK(got.sandbox == s.sandbox);
}

TEST_CASE(
  "a part of an emptyDir that was cut off is a leftover, all else of it "
  "stays") {
  situation s;
  s.copy("e", source_kind::tree, copy_life::until_sandbox_ends);
  s.note(recorded_tree{"e", false, false, {}, {}, {"", "a"}, 0, ""});
  s.note(recorded_part{"e", "b", part_step::begun, {}});
  s.share("s", "e");
  const auto got = s.adopted();
  CHECK(got.sandbox.leftovers.size() == 1);
  CHECK(got.sandbox.leftovers.contains("/g/e/b"));
  CHECK(got.sandbox.copied.contains("s"));
  CHECK(got.sandbox.copies.at("e").begun_parts.empty());
  CHECK(got.sandbox.copies.at("e").tree->parts.size() == 2);
}

TEST_CASE(
  "an emptyDir of the guest's own is whole as soon as it is decided, and "
  "nothing that anybody looks for in the guest") {
  situation s;
  recorded_copy decided{"e", {}};
  decided.terms.life = copy_life::until_sandbox_ends;
  decided.terms.guest_path = "/l/e";
  decided.terms.is_local = true;
  s.note(decided);
  for (const bool has_tree : {false, true}) {
    if (has_tree)
      s.note(recorded_tree{"e", false, false, {}, {}, {}, 0, ""});
    s.share("s", "e");
    const auto got = s.adopted();
    CHECK(got.decided.empty());
    CHECK(got.sandbox == s.sandbox);
    CHECK(guest_of(got.sandbox) == guest_of_before{});
  }
}

TEST_CASE("the next proxy learns which files may have contents, and whether it "
          "knows all") {
  situation s;
  s.copy("v", source_kind::volume);
  s.live("v");
  auto guest = *s.sandbox.copies.at("v").guest;
  using state = guest_record::generation_state;
  guest.generations["..1.1"].state = state::whole;
  guest.generations["..2"].state = state::partial;
  s.note(recorded_destination{"v", guest});
  CHECK_FALSE(guest_of(s.sandbox).knows_files);
  s.note(recorded_files{{"/g", {}, {}}});
  s.note(recorded_files{{"/g/v/..1.1", {{"a", 3}, {"d/b", 4}}, {"a"}}});
  s.note(recorded_files{{"/g/v/..2", {{"a", 5}}, {}}});
  s.note(recorded_files{{"/g/v", {{"beside", 6}}, {}}});
  s.note(recorded_files{{"/g/left", {{"", 7}}, {}}});
  using file = guest_of_before::file;
  std::map<std::string, file> all{{"/g/v/..1.1/a", {3, true, true}},
                                  {"/g/v/..1.1/d/b", {4, true, false}},
                                  {"/g/v/..2/a", {5, false, false}},
                                  {"/g/v/beside", {6, false, false}},
                                  {"/g/left", {7, false, false}}};
  CHECK(guest_of(s.sandbox).files == all);
  CHECK(guest_of(s.sandbox).knows_files);
  // What is written anew comes to the same.
  recorded_sandbox again;
  for (const auto& record : s.sandbox.records())
    again.apply(record);
  CHECK(again == s.sandbox);
  s.note(recorded_emptying{"/g/v/..1.1"});
  s.note(recorded_emptying{"/g/left"});
  all.erase("/g/v/..1.1/a");
  all.erase("/g/v/..1.1/d/b");
  all.erase("/g/left");
  CHECK(guest_of(s.sandbox).files == all);
  CHECK(guest_of(s.sandbox).knows_files);
}

TEST_CASE("the next proxy learns what the guest has, may have, and should not "
          "have") {
  situation s;
  s.copy("v", source_kind::volume);
  s.live("v");
  s.copy("t", source_kind::tree);
  s.note(recorded_tree{"t", true, false, {}, {}, {}, 100, "/g/t"});
  s.copy("ends", source_kind::volume);
  s.note(recorded_leftover{"/g/ends", "refused"});
  s.note(recorded_leftover{"/g/old", "refused"});
  const auto guest = guest_of(s.sandbox);
  CHECK(guest.rooms.at("/g/v/..1.1") == 4096);
  CHECK(guest.rooms.at("/g/v") == 8192);
  CHECK(guest.rooms.at("/g/t") == 100);
  CHECK(guest.volumes.size() == 1);
  CHECK(guest.volumes.at("/g/v").front() == "/g/v/..1.1/a");
  CHECK(guest.trees.at("/g/t") == "/g/t");
  CHECK(guest.single_files == std::vector<std::string>{"/g/t"});
  // Whoever ends a copy removes it.
  CHECK(guest.leftovers.size() == 1);
  CHECK(guest.leftovers.contains("/g/old"));
}

TEST_SUITE_END();
