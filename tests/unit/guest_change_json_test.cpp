// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal_line.hpp"
#include "json/journal_json.hpp"

#include <array>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace fsshare;

namespace {

using generation_state = guest_record::generation_state;
using link_state = guest_record::link_state;

/// No member is as in a record that is empty.
guest_record full_guest() {
  guest_record out;
  out.may_exist = true;
  out.acknowledged = generation{"..1", 0xffffffffffffffffU};
  out.live_name = "..1.2";
  out.root = {0755, 1, 2, true};
  out.generations = {{"..1.2", {generation_state::whole, {"token"}, 4096}},
                     {"..2", {generation_state::doubtful, {}, 2}}};
  out.links = {{"a", {link_state::there, 3, 4}}};
  out.wanted_links = {"a", "token"};
  out.others = {"sub"};
  out.others_room = 5;
  out.attempts = {{"..1", 3}};
  out.keep_until
    = std::chrono::steady_clock::time_point{std::chrono::nanoseconds{77}};
  out.landmarks = {"/g/v/..1.2/a"};
  out.skipped = {{"p", "why"}};
  return out;
}

struct changed_member {
  const char* name;
  /// Takes the member from one record into another.
  void (*take)(guest_record& into, const guest_record& from);
};

template <auto Field>
constexpr changed_member member(const char* name) {
  return {name, [](guest_record& into, const guest_record& from) {
            into.*Field = from.*Field;
          }};
}

using g = guest_record;
constexpr std::array members{
  member<&g::may_exist>("may_exist"),
  member<&g::acknowledged>("acknowledged"),
  member<&g::live_name>("live"),
  member<&g::root>("root"),
  member<&g::generations>("changed_generations"),
  member<&g::links>("links"),
  member<&g::wanted_links>("wanted_links"),
  member<&g::others>("others"),
  member<&g::others_room>("others_room"),
  member<&g::attempts>("attempts"),
  member<&g::keep_until>("keep_until"),
  member<&g::landmarks>("landmarks"),
  member<&g::skipped>("skipped"),
};

recorded_destination of(guest_record guest) {
  return {"v", std::move(guest)};
}

/// A sandbox with one volume, of which nothing was sent yet.
struct written_volume {
  written_volume() {
    journal_head head;
    head.boot_id = "b";
    head.sandbox_id = "sb";
    head.share_root = "/share";
    recorded_prepare prepare;
    prepare.request.sandbox_id = "sb";
    prepare.request.mode = sharing_mode::copy;
    text = render_journal_head(head);
    add(prepare);
    add(recorded_copy{"v", {}});
  }

  /// Returns the line.
  std::string add(const journal_record& record) {
    auto line = render_journal_record(record, sandbox);
    REQUIRE(sandbox.apply(record));
    text += line;
    return line;
  }
  void check_read_back() const {
    const auto read = parse_journal(text);
    REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
    CHECK(read->sandbox == sandbox);
    CHECK(read->is_whole);
  }

  recorded_sandbox sandbox;
  std::string text;
};

nlohmann::json record_in(const std::string& line) {
  return nlohmann::json::parse(line).at("record");
}

} // namespace

TEST_SUITE_BEGIN("unit/guest_change_json");

TEST_CASE("the first record of a volume is whole, and each after it says what "
          "differs, and no more") {
  for (const auto& changed : members) {
    CAPTURE(changed.name);
    written_volume volume;
    CHECK(record_in(volume.add(of({}))).at("kind") == "destination");
    guest_record guest;
    changed.take(guest, full_guest());
    for (const auto& next : {guest, guest_record{}}) {
      const auto record = record_in(volume.add(of(next)));
      CHECK(record.at("kind") == "destination-change");
      CHECK(record.at("copy") == "v");
      CHECK(record.at("guest").size() == 1);
      CHECK(record.at("guest").contains(changed.name));
      volume.check_read_back();
    }
  }
}

TEST_CASE(
  "of many generations a change names those that differ, and those that "
  "are gone") {
  written_volume volume;
  guest_record guest;
  for (int i = 0; i < 20; ++i)
    guest.generations["..old" + std::to_string(i)]
      = {generation_state::whole, {}, 1};
  volume.add(of(guest));
  guest.generations.erase("..old3");
  guest.generations["..old4"].state = generation_state::doubtful;
  guest.generations["..new"] = {generation_state::whole, {"token"}, 2};
  const auto change = record_in(volume.add(of(guest)));
  CHECK(change.at("guest") == nlohmann::json::parse(R"({"changed_generations":{
             "..old3": null,
             "..old4": {"state": "doubtful", "sealed": [], "room": 1},
             "..new": {"state": "whole", "sealed": ["token"], "room": 2}}})"));
  volume.check_read_back();
}

TEST_CASE("all generations, as version 5 wrote them into a change, are those "
          "that there are") {
  written_volume volume;
  volume.add(of(full_guest()));
  const auto read = parse_journal(
    volume.text
    + journal_line(R"({"kind":"destination-change","copy":"v","guest":{)"
                   R"("generations":{"..3":{"state":"whole","sealed":[],)"
                   R"("room":3}}}})"));
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  auto guest = full_guest();
  guest.generations = {{"..3", {generation_state::whole, {}, 3}}};
  CHECK(read->sandbox.copies.at("v").guest == guest);
}

TEST_CASE("changes come to the same as whole records") {
  written_volume volume;
  volume.add(of({}));
  // Every second member, then the others, then none.
  auto guest = guest_record{};
  for (const bool odd : {false, true}) {
    for (std::size_t i = odd ? 1 : 0; i < members.size(); i += 2)
      members.at(i).take(guest, full_guest());
    volume.add(of(guest));
    volume.check_read_back();
  }
  CHECK(guest == full_guest());
  volume.add(of({}));
  volume.check_read_back();
}

TEST_CASE("after a copy of another place, and after its end, all is said "
          "again") {
  written_volume volume;
  volume.add(of(full_guest()));
  recorded_copy moved{"v", {}};
  moved.terms.guest_path = "/elsewhere";
  volume.add(moved);
  CHECK(record_in(volume.add(of(full_guest()))).at("kind") == "destination");
  volume.add(recorded_copy_end{"v"});
  volume.add(recorded_copy{"v", {}});
  CHECK(record_in(volume.add(of(full_guest()))).at("kind") == "destination");
  volume.check_read_back();
}

TEST_CASE("a change of what was never written, and one that is not as it has "
          "to be, are damage") {
  written_volume volume;
  const auto before = volume.text;
  volume.add(of({}));
  const auto change = volume.add(of(full_guest()));
  CHECK(!parse_journal(before + change));
  for (const auto& changed : members) {
    CAPTURE(changed.name);
    auto bad = record_in(change);
    bad["guest"][changed.name] = nlohmann::json::array({1});
    volume.text
      = before + render_journal_record(of({})) + journal_line(bad.dump());
    CHECK(!parse_journal(volume.text));
  }
}
