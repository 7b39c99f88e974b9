// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/node_world.hpp"
#include "tests/support/tree_text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 24;

payload first_payload() {
  return {{"tls.crt", {std::string((1U << 20U) + 10, 'c')}},
          {"tls.key", {"key", 0600}},
          {"labels/app/name", {"nested"}},
          {"empty", {""}}};
}

// A directory that is no volume, with files that share temporary names and
// links that lead nowhere.
share_file_request tree_request(node_world& w) {
  auto request = w.volume_request("s1", "c1", "cm");
  request.mount.source = w.dir.make_dir("tree");
  request.mount.destination = "/tree";
  w.dir.write("tree/large.bin", std::string((2U << 20U) + 10, 'l'));
  w.dir.write("tree/large.txt", "short");
  w.dir.write("tree/d/tls.crt", "certificate, the longer one");
  w.dir.write("tree/d/tls.key", "key");
  w.dir.write("tree/d/empty", "");
  std::error_code ignored;
  std::filesystem::create_symlink("nowhere", w.dir / "tree/dangling", ignored);
  std::filesystem::create_symlink("d/empty", w.dir / "tree/link", ignored);
  for (int n = 0; n < 10; ++n)
    w.dir.write("tree/f" + std::to_string(n), "text");
  return request;
}

// Runs until a request is answered, time passing, for at most 200 s.
template <class Pending>
result<share_file_reply> wait_for(node_world& w, Pending& pending) {
  for (int n = 0; n < 2000; ++n) {
    w.settle();
    if (auto got = w.actors.answer<share_file_reply>(pending))
      return *std::move(got);
    w.pass(100ms);
  }
  FAIL("no answer to ShareFile");
  return error{};
}

// It may have got another name than that of its share.
void check_tree(const node_world& w, const std::string& guest_path) {
  tree_text_options options;
  options.link_owners = false;
  const std::string last{base_name(guest_path)};
  CHECK(describe_tree(w.guest_dir("s1", last), options)
        == describe_tree(w.dir / "tree", options));
}

// Runs until the guest has carried out some requests of a copy.
void begin_copy(node_world& w, const sim_guest& guest) {
  while (guest.carried_out.size() < 5)
    REQUIRE(w.step());
}

// Ids of copies that begin in the state file and do not end in it.
std::set<std::string> copies_written_down(const node_world& w) {
  std::set<std::string> copies;
  std::istringstream lines{read_file(w.dir / "state/s1.jsonl")};
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line).at("record");
    const auto kind = record.value("kind", "");
    if (kind == "copy")
      copies.insert(record.at("copy").get<std::string>());
    else if (kind == "copy-end")
      copies.erase(record.at("copy").get<std::string>());
  }
  return copies;
}

bool is_empty(const node_world& w) {
  return std::filesystem::is_empty(w.dir / "guest-s1");
}

} // namespace

TEST_SUITE_BEGIN("actors/guest_proxy");

TEST_CASE("first copies go on when their connections end, however often, on "
          "every guest agent") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(first_payload());
    const auto which = any_profile(choose);
    w.add_sandbox("s1", which);
    w.set_lateness("s1", 900ms);
    w.drop_one_in = 40;
    auto volume = w.actors.request(w.node, w.volume_request("s1", "c1", "cm"));
    const auto of_volume = wait_for(w, volume);
    auto tree = w.actors.request(w.node, tree_request(w));
    const auto of_tree = wait_for(w, tree);
    REQUIRE_MESSAGE(of_volume, (of_volume ? "" : of_volume.err().message));
    REQUIRE_MESSAGE(of_tree, (of_tree ? "" : of_tree.err().message));
    w.drop_one_in = 0;
    w.pass(3s);
    // Names of what was begun stay where nothing can be removed.
    if (which != guest::profile::v3_3)
      w.check_equal("cm", "s1", of_volume->share_id);
    check_tree(w, of_tree->guest_path);
  });
}

TEST_CASE("a first copy that a guest held up until its deadline goes on when "
          "the guest wakes") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1", any_profile(choose));
    auto pending = w.actors.request(w.node, tree_request(w));
    begin_copy(w, guest);
    w.hang("s1");
    w.pass(61s);
    w.unhang("s1");
    const auto shared = wait_for(w, pending);
    REQUIRE_MESSAGE(shared, (shared ? "" : shared.err().message));
    check_tree(w, shared->guest_path);
  });
}

TEST_CASE("a first copy whose guest does not come back fails when the time to "
          "dial is over, and not before") {
  for_each_seed(20, [](chooser& choose) {
    const bool is_volume = choose.one_in(2);
    node_world w{choose};
    w.add_volume("cm").rotate(first_payload());
    auto& guest = w.add_sandbox("s1");
    auto pending = w.actors.request(
      w.node, is_volume ? w.volume_request("s1", "c1", "cm") : tree_request(w));
    begin_copy(w, guest);
    guest.refuses = true;
    guest.drop();
    w.pass(29s);
    CHECK_FALSE(w.actors.answer<share_file_reply>(pending));
    const auto shared = wait_for(w, pending);
    REQUIRE_FALSE(shared);
    CHECK(shared.err().code == errc::unavailable);
    guest.refuses = false;
    w.pass(62s);
    CHECK(is_empty(w));
  });
}

TEST_CASE("a guest agent's own error fails a first copy, and what was made is "
          "removed or a leftover") {
  for_each_seed(seeds, [](chooser& choose) {
    const bool is_volume = choose.one_in(2);
    const auto which = any_profile(choose);
    node_world w{choose};
    w.add_volume("cm").rotate(first_payload());
    auto& guest = w.add_sandbox("s1", which);
    auto pending = w.actors.request(
      w.node, is_volume ? w.volume_request("s1", "c1", "cm") : tree_request(w));
    begin_copy(w, guest);
    for (bool failed = false; !failed;) {
      REQUIRE(w.step());
      if (guest.waiting_copy(0) == nullptr)
        continue;
      guest.fail(0);
      failed = true;
    }
    const auto shared = wait_for(w, pending);
    REQUIRE_FALSE(shared);
    CHECK(shared.err().code == errc::internal);
    const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(got);
    const bool removes = which != guest::profile::v3_3;
    CHECK(got->sandbox.leftovers.listed.size() == (removes ? 0 : 1));
    CHECK(is_empty(w) == removes);
  });
}

TEST_CASE("a guest that answers when it is dialed and not after the silence is "
          "not reached") {
  chooser choose{1};
  node_world w{choose};
  auto& guest = w.add_sandbox("s1");
  auto pending = w.actors.request(w.node, tree_request(w));
  begin_copy(w, guest);
  w.hang("s1");
  guest.drop();
  std::optional<result<share_file_reply>> shared;
  for (int n = 0; n < 2000 && !shared; ++n) {
    w.pass(100ms);
    // Check and Version go together, the Check after the silence alone.
    if (guest.waiting() >= 2)
      while (guest.waiting() > 0)
        guest.carry_out(0);
    shared = w.actors.answer<share_file_reply>(pending);
  }
  REQUIRE(shared);
  CHECK_FALSE(*shared);
}

TEST_CASE("a copy that always ends its connection is given up") {
  chooser choose{1};
  node_world w{choose};
  auto& guest = w.add_sandbox("s1");
  auto pending = w.actors.request(w.node, tree_request(w));
  begin_copy(w, guest);
  w.drop_one_in = 1;
  const auto shared = wait_for(w, pending);
  REQUIRE_FALSE(shared);
  CHECK(shared.err().code == errc::unavailable);
}

TEST_CASE("of a copy that was given up under one name after another nothing "
          "stays written down") {
  std::size_t given_up = 0;
  for_each_seed(seeds, [&given_up](chooser& choose) {
    node_world w{choose, {}, journaling::on};
    w.add_sandbox("s1");
    auto request = w.volume_request("s1", "c1", "cm");
    // A chunk without an answer costs the copy its name.
    request.mount.source = w.dir.write("large", std::string(9U << 20U, 'l'));
    w.drop_one_in = 3;
    auto pending = w.actors.request(w.node, request);
    w.run_until([&] {
      return !copies_written_down(w).empty();
    });
    const auto shared = wait_for(w, pending);
    if (shared
        || shared.err().message.find("ended too often") == std::string::npos)
      return;
    ++given_up;
    w.drop_one_in = 0;
    w.pass(5s);
    CHECK(copies_written_down(w).empty());
  });
  CHECK(given_up > 0);
}

TEST_SUITE_END();
