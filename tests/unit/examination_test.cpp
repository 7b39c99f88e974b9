// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/examination.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace fsshare;
using level = finding_level;

namespace {

constexpr std::uint64_t sys_admin = std::uint64_t{1} << 21;
constexpr std::uint64_t dac_override = std::uint64_t{1} << 1;
const error missing{errc::not_found, "open: No such file or directory"};
const error hangs{errc::deadline_exceeded, "list /k: no answer for 3s"};

used_part part(std::uint64_t used, std::uint64_t limit) {
  used_part out;
  out.limit = limit;
  out.used = used;
  return out;
}

doctor_subject some_subject() {
  doctor_subject out;
  out.share_root = "/s";
  out.socket = "/run/f/sock";
  out.allowed_uids = {0};
  out.copy_mark_dir = "/run/f/sock.copies";
  return out;
}

/// A host on which all is well, with a node agent.
host_facts good_host() {
  host_facts out;
  out.calls.has_statmount = true;
  out.process.node_agent = 7;
  out.process.capabilities = sys_admin | dac_override;
  out.process.descriptors = part(10, 65536);
  out.process.is_in_our_namespace = true;
  out.inotify_instances = part(1, 128);
  out.inotify_watches = part(1, 1000);
  out.mounts = part(20, 100000);
  out.files = part(100, 10000);
  out.share_root.entries = std::vector<root_entry>{};
  out.share_root.copy_marks = std::vector<std::string>{};
  out.socket.is_socket = true;
  out.socket.mode = 0600;
  out.socket.dir_mode = 0755;
  out.kubelet_roots = {{"/k", unit{}}};
  return out;
}

node_facts good_node() {
  node_facts out;
  out.answer = node_answer::answered;
  out.version = out.own_version = "0.1.0";
  return out;
}

/// Checks that all is well but one thing, which has a cure, and returns it.
finding the_only_one(const findings& all, level how, const std::string& check) {
  finding seen;
  for (const auto& each : all) {
    INFO(each.check, ": ", each.found);
    CHECK(each.cure.empty() == (each.level == level::ok));
    CHECK(!each.found.empty());
    if (each.level == level::ok)
      continue;
    CHECK(each.check == check);
    CHECK(each.level == how);
    seen = each;
  }
  CHECK_MESSAGE(!seen.check.empty(), "nothing of " << check);
  return seen;
}

finding the_only_one(const host_facts& host, level how,
                     const std::string& check) {
  return the_only_one(examine(some_subject(), host, good_node()), how, check);
}

finding the_only_one(const node_facts& node, level how,
                     const std::string& check) {
  auto host = good_host();
  for (const auto& each : node.sandboxes)
    if (!each.gets_copies)
      host.share_root.entries->push_back({each.id, entry_owner::ours, {}});
  return the_only_one(examine(some_subject(), host, node), how, check);
}

bool says(const finding& what, const std::string& part) {
  return what.found.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("core/doctor/examination");

TEST_CASE("where all is well, all that was looked at is said, without cures") {
  const auto all = examine(some_subject(), good_host(), good_node());
  CHECK(count_of(all, level::ok) == all.size());
  for (const std::string check : {"system-calls",
                                  "capabilities",
                                  "descriptors",
                                  "mount-namespace",
                                  "inotify-instances",
                                  "inotify-watches",
                                  "mounts",
                                  "open-files",
                                  "share-root",
                                  "states",
                                  "kubelet-root",
                                  "control-socket",
                                  "node-agent",
                                  "guests",
                                  "leftovers",
                                  "owners",
                                  "copies",
                                  "volumes",
                                  "orphans",
                                  "sandboxes"})
    CHECK_MESSAGE(std::count_if(all.begin(), all.end(),
                                [&check](const finding& each) {
                                  return each.check == check
                                         && each.cure.empty();
                                })
                    == 1,
                  check);
}

TEST_CASE("a call that nothing stands in for fails, one with an older way "
          "warns, without statmount binds read the mount table") {
  auto host = good_host();
  host.calls.has_statmount = false;
  const auto all = examine(some_subject(), host, good_node());
  CHECK(count_of(all, level::ok) == all.size());
  CHECK(std::any_of(all.begin(), all.end(), [](const auto& one) {
    return says(one, "binds read the whole mount table");
  }));
  host.calls.older = {"openat2"};
  CHECK(says(the_only_one(host, level::warn, "system-calls"), "openat2"));
  host.calls.refused = "the system call mkdirat: denied";
  CHECK(says(the_only_one(host, level::fail, "system-calls"), "mkdirat"));
}

TEST_CASE("each capability that is missing is named with what cannot be done") {
  auto host = good_host();
  host.process.capabilities = dac_override;
  const auto one = the_only_one(host, level::warn, "capabilities");
  CHECK(says(one, "lacks CAP_SYS_ADMIN"));
  CHECK(!says(one, "CAP_DAC_OVERRIDE"));
  host.process.capabilities = sys_admin;
  const auto other = the_only_one(host, level::warn, "capabilities");
  CHECK(says(other, "lacks CAP_DAC_OVERRIDE"));
  CHECK(!says(other, "CAP_SYS_ADMIN"));
  host.process.capabilities = error{errc::permission_denied, "denied"};
  CHECK(says(the_only_one(host, level::warn, "capabilities"), "denied"));
}

TEST_CASE("nine tenths of a limit warn, and what cannot be counted is not "
          "well") {
  struct place {
    const char* check;
    used_part& (*of)(host_facts&);
  };
  for (const auto& each :
       {place{"inotify-instances",
              [](host_facts& h) -> used_part& {
                return h.inotify_instances;
              }},
        place{"inotify-watches",
              [](host_facts& h) -> used_part& {
                return h.inotify_watches;
              }},
        place{"mounts",
              [](host_facts& h) -> used_part& {
                return h.mounts;
              }},
        place{"open-files",
              [](host_facts& h) -> used_part& {
                return h.files;
              }},
        place{"descriptors", [](host_facts& h) -> used_part& {
                return h.process.descriptors;
              }}}) {
    INFO(each.check);
    auto host = good_host();
    each.of(host) = part(8999, 10000);
    const auto all = examine(some_subject(), host, good_node());
    CHECK(count_of(all, level::ok) == all.size());
    for (const std::uint64_t used : {9000, 10000, 10001}) {
      each.of(host) = part(used, 10000);
      CHECK(says(the_only_one(host, level::warn, each.check),
                 std::to_string(used) + " of 10000 are used"));
    }
    each.of(host).used = error{errc::permission_denied, "denied"};
    CHECK(says(the_only_one(host, level::warn, each.check), "denied"));
    each.of(host).limit = missing;
    CHECK(says(the_only_one(host, level::warn, each.check),
               "the limit cannot be read"));
  }
}

TEST_CASE("a low limit of descriptors warns before it is used up") {
  auto host = good_host();
  host.process.descriptors = part(10, 1024);
  CHECK(says(the_only_one(host, level::warn, "descriptors"), "10 of 1024"));
}

TEST_CASE("a node agent that sees other mounts, or may, is said") {
  auto host = good_host();
  host.process.is_in_our_namespace = false;
  const auto elsewhere = the_only_one(host, level::warn, "mount-namespace");
  CHECK(elsewhere.cure.find("nsenter -t 7 -m") != std::string::npos);
  host.process.is_in_our_namespace.reset();
  CHECK(
    says(the_only_one(host, level::warn, "mount-namespace"), "cannot be told"));
}

TEST_CASE("a share root that the host does not see fails, with the cure apart, "
          "a likely one warns, and one that is not there is made") {
  auto host = good_host();
  host.share_root.visible = error{errc::failed_precondition,
                                  "share.root /s: not seen. Run mount -o x"};
  const auto hidden = the_only_one(host, level::fail, "share-root");
  CHECK(hidden.found == "share.root /s: not seen");
  CHECK(hidden.cure == "Run mount -o x");
  auto subject = some_subject();
  subject.must_be_visible = false;
  CHECK(judge_share_root(subject, host.share_root).front().level == level::ok);
  host = good_host();
  host.share_root.is_unproven = true;
  the_only_one(host, level::warn, "share-root");
  host = good_host();
  host.share_root.exists = missing;
  host.share_root.entries = error{errc::unknown, "not listed"};
  const auto all = examine(some_subject(), host, good_node());
  CHECK(count_of(all, level::ok) == all.size());
  host.share_root.exists = hangs;
  CHECK(says(the_only_one(host, level::fail, "share-root"), "no answer"));
}

TEST_CASE(
  "a kubelet root that does not answer fails, and one that is not there "
  "fails where volumes elsewhere are not followed") {
  auto host = good_host();
  host.kubelet_roots = {{"/k", hangs}};
  CHECK(says(the_only_one(host, level::fail, "kubelet-root"), "no answer"));
  host.kubelet_roots = {{"/k", missing}};
  auto subject = some_subject();
  CHECK(judge_kubelet_roots(subject, host.kubelet_roots).front().level
        == level::ok);
  subject.kubelet_roots_only = true;
  the_only_one(judge_kubelet_roots(subject, host.kubelet_roots), level::fail,
               "kubelet-root");
}

TEST_CASE("a control socket that others can replace fails, one with other "
          "permissions than the configuration's warns") {
  auto host = good_host();
  host.socket.mode = 0666;
  CHECK(says(the_only_one(host, level::warn, "control-socket"), "0666"));
  auto subject = some_subject();
  subject.allowed_uids = {0, 5, 6};
  CHECK(judge_socket(subject, host.socket, host.process).front().level
        == level::ok);
  host = good_host();
  host.socket.owner = 5;
  the_only_one(host, level::warn, "control-socket");
  for (const auto mode : {0775U, 0757U}) {
    host = good_host();
    host.socket.dir_mode = mode;
    the_only_one(host, level::fail, "control-socket");
  }
  host.socket.dir_mode = 01777;
  CHECK(judge_socket(some_subject(), host.socket, host.process).front().level
        == level::ok);
  host = good_host();
  host.socket.dir_owner = 5;
  the_only_one(host, level::fail, "control-socket");
  host = good_host();
  host.socket.is_socket = false;
  the_only_one(host, level::fail, "control-socket");
  host.socket.exists = hangs;
  the_only_one(host, level::fail, "control-socket");
  host.socket.exists = missing;
  CHECK(judge_socket(some_subject(), host.socket, host.process).front().level
        == level::ok);
  subject.socket = "@name";
  CHECK(judge_socket(subject, host.socket, host.process).empty());
}

TEST_CASE("no node agent warns, one that does not answer or refuses fails") {
  auto node = good_node();
  node.version.clear();
  node.answer = node_answer::absent;
  the_only_one(node, level::warn, "node-agent");
  node.answer = node_answer::silent;
  node.reason = "no answer within 3s";
  CHECK(says(the_only_one(node, level::fail, "node-agent"), node.reason));
  node.answer = node_answer::refused;
  CHECK(says(the_only_one(node, level::fail, "node-agent"), node.reason));
  node = good_node();
  node.version = "0.2.0";
  const auto other = the_only_one(node, level::warn, "node-agent");
  CHECK(says(other, "0.2.0"));
  CHECK(says(other, "0.1.0"));
}

TEST_CASE("guests that are sent copies and are not connected are named, and "
          "what they should not have") {
  auto node = good_node();
  known_sandbox away{"away", true, false, 3, 0};
  known_sandbox idle{"idle", true, false, 0, 0};
  known_sandbox bound{"bound", false, false, 3, 0};
  node.sandboxes = {away, {"here", true, true, 3, 0}, idle, bound};
  const auto guests = the_only_one(node, level::warn, "guests");
  CHECK(guests.found
        == "1 of 3 guests that get copies are connected; not those of away");
  away.guest_connected = true;
  away.leftovers = 2;
  node.sandboxes = {away};
  CHECK(says(the_only_one(node, level::warn, "leftovers"), "away (2)"));
}

TEST_CASE("sandboxes whose owners are gone are named") {
  auto node = good_node();
  known_sandbox lost{"lost", false, false, 1, 0, true};
  node.sandboxes = {{"kept", false, false, 1, 0, false}, lost};
  const auto found = the_only_one(node, level::warn, "owners");
  CHECK(found.found.ends_with("without cleaning them up: lost"));
  CHECK(found.cure.find("sandbox cleanup") != std::string::npos);
}

TEST_CASE("copies that are not current, and volumes that are polled, warn") {
  auto node = good_node();
  node.copies = {3, 0, 4, 2, "/v in box: the guest hangs"};
  const auto stale = the_only_one(node, level::warn, "copies");
  CHECK(says(stale, "4 guest copies of volumes, 2 not current"));
  CHECK(says(stale, "the guest hangs"));
  node.copies = {3, 1, 4, 0, {}};
  CHECK(
    says(the_only_one(node, level::warn, "volumes"), "3 volumes, 1 polled"));
}

TEST_CASE("orphans warn, what is foreign does not, and what is unclear is "
          "named") {
  auto host = good_host();
  auto node = good_node();
  node.sandboxes = {{"live", false, false, 0, 0}};
  host.share_root.entries = std::vector<root_entry>{
    {"live", entry_owner::ours, {}}, {"shim", entry_owner::foreign, {}}};
  auto all = examine(some_subject(), host, node);
  CHECK(count_of(all, level::ok) == all.size());
  CHECK(all.back().check == "foreign");
  CHECK(says(all.back(), "shim"));
  host.share_root.copy_marks = std::vector<std::string>{"lost"};
  const auto orphan
    = the_only_one(examine(some_subject(), host, node), level::warn, "orphans");
  CHECK(says(orphan, "does not know it: lost"));
  host.share_root.copy_marks = std::vector<std::string>{};
  host.share_root.entries = std::vector<root_entry>{
    {"odd", entry_owner::unclear, "the mark is damaged"}};
  CHECK(says(the_only_one(host, level::warn, "marks"),
             "odd (the mark is damaged)"));
  host.share_root.entries = error{errc::permission_denied, "denied"};
  CHECK(says(the_only_one(host, level::warn, "orphans"), "denied"));
}

TEST_CASE("sandboxes whose directories somebody has taken away are named, with "
          "the share root or without, and guests that get copies have none") {
  auto host = good_host();
  auto node = good_node();
  node.sandboxes = {{"box", false, false, 0, 0},
                    {"wiped", false, false, 0, 0},
                    {"copies", true, true, 0, 0}};
  host.share_root.entries
    = std::vector<root_entry>{{"box", entry_owner::ours, {}}};
  CHECK(says(
    the_only_one(examine(some_subject(), host, node), level::fail, "sandboxes"),
    "taken away what was prepared in /s for wiped"));
  host.share_root.entries->front().owner = entry_owner::foreign;
  CHECK(says(
    the_only_one(examine(some_subject(), host, node), level::fail, "sandboxes"),
    "box, wiped"));
  // What cannot be told is no proof; the check of marks tells of it.
  host.share_root.entries->front().owner = entry_owner::unclear;
  const auto unclear = examine(some_subject(), host, node);
  CHECK(std::any_of(unclear.begin(), unclear.end(), [](const finding& each) {
    return each.check == "sandboxes" && says(each, "/s for wiped");
  }));
  host.share_root.exists = missing;
  CHECK(says(
    the_only_one(examine(some_subject(), host, node), level::fail, "sandboxes"),
    "box, wiped"));
  // Nobody says what there should be.
  node.answer = node_answer::absent;
  for (const auto& each : judge_orphans(some_subject(), host, node))
    CHECK(each.check != "sandboxes");
}

TEST_CASE("without a node agent those are orphans that none would go on with, "
          "and with a silent one nothing is for certain") {
  host_facts host = good_host();
  host.share_root.entries
    = std::vector<root_entry>{{"box", entry_owner::ours, {}}};
  node_facts nobody;
  const auto lost = the_only_one(judge_orphans(some_subject(), host, nobody),
                                 level::warn, "orphans");
  CHECK(says(lost, "has no state file to go on with: box"));
  host.states.adoptable = {"box"};
  CHECK(count_of(judge_orphans(some_subject(), host, nobody), level::warn)
        == 0);
  // One that runs has gone on with it, or not.
  the_only_one(judge_orphans(some_subject(), host, good_node()), level::warn,
               "orphans");
  host.states.adoptable.clear();
  nobody.answer = node_answer::silent;
  CHECK(says(the_only_one(judge_orphans(some_subject(), host, nobody),
                          level::warn, "orphans"),
             "does not say whether it knows it: box"));
}

TEST_CASE("state files that cannot be read, written or gone on with warn") {
  auto host = good_host();
  host.states.directory = "/st";
  host.states.adoptable = {"a", "b"};
  const auto well = judge_states(host.states);
  REQUIRE(well.size() == 1);
  CHECK(well.front().found == "2 state files in /st, all whole");
  host.states.others = {{"box", "line 2: damaged"}};
  CHECK(
    says(the_only_one(host, level::warn, "states"), "box (line 2: damaged)"));
  host.states.others.clear();
  host.states.set_aside = {"x.jsonl.aside"};
  CHECK(says(the_only_one(host, level::warn, "states"), "x.jsonl.aside"));
  host.states.set_aside.clear();
  host.states.not_writable = "no space is left";
  CHECK(says(the_only_one(host, level::warn, "states"), "no space is left"));
  host.states.readable = hangs;
  CHECK(says(the_only_one(host, level::warn, "states"), "no answer"));
}

TEST_CASE("findings as JSON have every member of each, and the numbers") {
  const findings all{{level::ok, "a", "well", {}},
                     {level::fail, "b", "\"bad\"\n", "do <this>"}};
  const auto json = nlohmann::json::parse(to_json_text(all));
  CHECK(json.at("ok") == 1);
  CHECK(json.at("warn") == 0);
  CHECK(json.at("fail") == 1);
  REQUIRE(json.at("findings").size() == 2);
  const auto& bad = json.at("findings").at(1);
  CHECK(bad.at("level") == "fail");
  CHECK(bad.at("check") == "b");
  CHECK(bad.at("found") == "\"bad\"\n");
  CHECK(bad.at("cure") == "do <this>");
  CHECK(nlohmann::json::parse(to_json_text({})).at("findings").empty());
}

TEST_SUITE_END();
