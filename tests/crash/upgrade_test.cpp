// SPDX-License-Identifier: Apache-2.0
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/sandbox_lives.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr int upgrades = 30;
constexpr int operations_between = 25;
constexpr int clients = 4;

/// One whose guests get copies.
class copying_lives final : public sandbox_lives {
public:
  copying_lives(const private_mounts& work, const std::string& socket,
                int number)
    : sandbox_lives(socket, number), work_(work) {
  }

private:
  void live(const std::string& id) override {
    call(id, "Prepare", 0, [&](auto& c) {
      return c.prepare_copy(id, to_string(guest_.address()));
    });
    const auto share = [&](std::size_t n, const std::string& source) {
      call(id, "ShareFile", n, [&](auto& c) {
        return c.share(id, "c" + std::to_string(n), work_ / source, "/etc/x",
                       true);
      });
    };
    share(1, "source");
    share(2, "volume");
    share(3, "volume");
    call(id, "UnshareContainer", shares - 1, [&](auto& c) {
      return c.unshare_container(id, "c2");
    });
    call(id, "UnshareContainer", shares - 2, [&](auto& c) {
      return c.unshare_container(id, "c1");
    });
    // The guest ends with its sandbox, and what is in it.
    call(id, "UnshareContainer", 0, [&](auto& c) {
      return c.unshare_container(id, "c3");
    });
    call(id, "Cleanup", 0, [&](auto& c) {
      return c.cleanup(id);
    });
  }

  // By what containers read.
  std::size_t shares_of(const std::string&) const override {
    const fs::directory_iterator all{guest_.root()};
    return static_cast<std::size_t>(
      std::count_if(begin(all), end(all), [](const auto& entry) {
        return read_file(entry.path() / "key") == "value";
      }));
  }

  const private_mounts& work_;
  guest_process guest_;
};

/// Puts another file in the place of a program, as a package manager does.
void replace_program(const std::string& program, int version) {
  const auto made = program + ".new";
  fs::copy_file(fsshared_program(), made, fs::copy_options::overwrite_existing);
  // What follows the sections of a program is nobody's.
  std::ofstream{made, std::ios::app} << version;
  fs::rename(made, program);
}

bool has_states(const std::string& dir) {
  const fs::directory_iterator all{dir};
  return std::any_of(begin(all), end(all), [](const auto& entry) {
    return entry.path().extension() == ".jsonl";
  });
}

/// Replaces the program, and the process that runs it, again and again.
/// @returns whether all operations went on.
bool upgrade(killed_node& node, const std::string& program,
             const std::atomic<int>& operations) {
  for (int version = 1; version <= upgrades; ++version) {
    const auto until = operations + operations_between;
    // Whoever met a failure works no more.
    if (!eventually([&] {
          return operations >= until;
        }))
      return false;
    replace_program(program, version);
    // Every other one has no time to take leave.
    if (version % 2 == 0)
      node.kill();
    else
      CHECK(node.program().terminate() == 0);
    node.begin();
  }
  return true;
}

template <class Lives>
void upgrade_under() {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  work.write("source/key", "value");
  work.make_dir("rootfs/bin");
  rotator{work.make_dir("volume"), kubelet_order::from_1_27}.rotate(
    {{"key", {"value"}}});
  const auto program = work.make_dir("bin") + "/fsshared";
  replace_program(program, 0);
  killed_node node{
    work / "share",
    R"("http": {"listen": ""}, "mounts": {"visibility": "assumed"},
                      "guest": {"quiet_time": "20ms"})",
    program};
  node.start();
  std::atomic<int> operations{0};
  std::atomic<bool> ends{false};
  std::vector<std::unique_ptr<sandbox_lives>> shims;
  shims.reserve(clients);
  for (int i = 0; i < clients; ++i)
    shims.push_back(std::make_unique<Lives>(work, node.socket(), i));
  std::vector<std::thread> threads;
  threads.reserve(shims.size());
  for (auto& one : shims)
    threads.emplace_back([&] {
      one->run(operations, ends);
    });
  CHECK(upgrade(node, program, operations));
  ends = true;
  for (auto& thread : threads)
    thread.join();
  int sandboxes = 0;
  for (const auto& one : shims) {
    sandboxes += one->sandboxes();
    for (const auto& failure : one->failures())
      CHECK_MESSAGE(failure.empty(), failure);
  }
  MESSAGE(operations.load(), " operations on ", sandboxes, " sandboxes over ",
          upgrades, " upgrades");
  CHECK((!fs::exists(work / "share") || fs::is_empty(work / "share")));
  CHECK_FALSE(has_states(node.state_dir()));
  auto last = node.connect();
  const auto listed = last.list_sandboxes();
  REQUIRE(listed);
  CHECK(listed->sandboxes().empty());
}

} // namespace

TEST_SUITE_BEGIN("crash: upgrade");

TEST_CASE("an upgrade under clients that work without pause loses no "
          "operation and does none twice") {
  upgrade_under<mounting_lives>();
}

TEST_CASE("an upgrade under clients whose guests get copies loses no operation "
          "and does none twice") {
  upgrade_under<copying_lives>();
}

TEST_SUITE_END();
