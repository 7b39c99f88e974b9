// SPDX-License-Identifier: Apache-2.0
#include "tests/support/copied_volume.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include <csignal>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace fs = std::filesystem;

namespace {

json answer_of(const node_process& node, std::vector<std::string> words) {
  words.insert(words.end(), {"-o", "json"});
  const auto done = run_fssharectl(node.socket(), std::move(words));
  REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
  return json::parse(done.output);
}

json shown(const node_process& node) {
  return answer_of(node, {"sandbox", "inspect", "sb"});
}

bool is_current(const json& sandbox) {
  if (sandbox.at("volumes").size() != 2)
    return false;
  for (const auto& volume : sandbox.at("volumes"))
    for (const auto& at : volume.at("destinations"))
      if (!at.at("current").get<bool>())
        return false;
  return true;
}

template <class Condition>
void wait_until(Condition holds) {
  const auto limit = std::chrono::steady_clock::now() + child_process::patience;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    std::this_thread::sleep_for(50ms);
  }
}

// Waits until the state is as wanted.
template <class Wanted>
json wait_for(const node_process& node, Wanted wanted) {
  json sandbox;
  wait_until([&] {
    sandbox = shown(node);
    return wanted(sandbox);
  });
  return sandbox;
}

std::string add(const node_process& node, const std::string& container,
                const std::string& source) {
  return answer_of(node, {"share", "add", "sb", container, source, "/in"})
    .at("share_id")
    .get<std::string>();
}

std::size_t count_of(node_process& node, const std::string& words) {
  const auto log = node.program().errors();
  std::size_t n = 0;
  for (auto at = log.find(words); at != std::string::npos;
       at = log.find(words, at + 1))
    ++n;
  return n;
}

} // namespace

TEST_SUITE_BEGIN("integration/returning_guest");

TEST_CASE("a guest agent that is killed and started again with an empty "
          "directory has all volumes and single files again by itself, and "
          "the state of writable trees says that they are gone") {
  const temp_dir dir;
  const auto one = dir.make_dir("pods/u/volumes/kubernetes.io~configmap/one");
  const auto two = dir.make_dir("pods/u/volumes/kubernetes.io~secret/two");
  fs::permissions(two, fs::perms{0750});
  rotator{one, kubelet_order::from_1_27}.rotate({{"a", {"1"}}, {"b", {"1"}}});
  rotator{two, kubelet_order::from_1_27}.rotate({{"deep/c", {"2"}}});
  dir.write("tree/file", "text");
  node_process node;
  guest_process guest;
  answer_of(node, {"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
                   to_string(guest.address())});
  answer_of(node, {"watcher", "start", "sb"});
  const auto at_one = guest.root() + "/" + add(node, "c1", one);
  const auto at_two = guest.root() + "/" + add(node, "c2", two);
  const auto tree = add(node, "c3", dir / "tree");
  const auto file = add(node, "c4", dir / "tree/file");
  wait_for(node, is_current);

  ::kill(guest.process().pid(), SIGKILL);
  wait_for(node, [](const json& sandbox) {
    return !is_current(sandbox);
  });
  for (const auto& entry : fs::directory_iterator{guest.root()})
    fs::remove_all(entry.path());
  guest.restart();
  wait_for(node, is_current);
  const auto back = wait_for(node, [&file](const json& sandbox) {
    for (const auto& share : sandbox.at("shares"))
      if (share.at("share_id") == file)
        return share.at("ready").get<bool>();
    return false;
  });
  std::ifstream again{guest.root() + "/" + file};
  CHECK(std::string{std::istreambuf_iterator<char>{again}, {}} == "text");

  // The old name has been asked for, and is removed again.
  CHECK(copy_difference(one, at_one, leftovers(one, at_one)) == "");
  CHECK(copy_difference(two, at_two, leftovers(two, at_two)) == "");
  wait_until([&] {
    return leftovers(one, at_one).empty() && leftovers(two, at_two).empty();
  });
  for (const auto& share : back.at("shares")) {
    const bool is_tree = share.at("share_id") == tree;
    CHECK(share.at("ready").get<bool>() != is_tree);
    CHECK(share.at("reason").get<std::string>().empty() != is_tree);
  }
}

TEST_CASE("the end of a connection is logged while it is silent, too") {
  const temp_dir dir;
  dir.write("file", "text");
  node_process node{R"("guest": {"quiet_time": "1h"})"};
  // Greets, and loses the connection at the first request of the copy.
  guest_process guest{{"--drop-after", "2"}};
  answer_of(node, {"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
                   to_string(guest.address())});
  const child_process waiting{{fssharectl_program(), "--endpoint",
                               node.socket(), "share", "add", "sb", "c1",
                               dir / "file", "/in"}};
  wait_until([&] {
    return count_of(node, "event=guest-connected") == 2;
  });
  CHECK(count_of(node, "event=guest-lost") == 1);
  ::kill(guest.process().pid(), SIGKILL);
  wait_until([&] {
    return count_of(node, "event=guest-lost") == 2;
  });
}

TEST_SUITE_END();
