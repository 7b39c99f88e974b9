// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/killed_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
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
constexpr int shares = 3;

/// A client that repeats requests by the documented rule (docs/integration.md).
class repeating_client {
public:
  explicit repeating_client(std::string socket) : socket_(std::move(socket)) {
  }

  template <class Call>
  auto operator()(const Call& call) {
    const auto limit = std::chrono::steady_clock::now() + 60s;
    for (auto pause = 20ms;; pause = std::min<decltype(pause)>(2 * pause, 1s)) {
      if (connect()) {
        auto answer = call(*connection_);
        if (answer || !is_repeated(answer.err().code)
            || std::chrono::steady_clock::now() > limit)
          return answer;
        connection_.reset();
      }
      std::this_thread::sleep_for(pause);
    }
  }

private:
  static bool is_repeated(errc code) {
    return code == errc::aborted || code == errc::unavailable
           || code == errc::deadline_exceeded;
  }

  bool connect() {
    try {
      if (!connection_)
        connection_.emplace(socket_);
    } catch (const std::runtime_error&) {
      // Nobody listens.
    }
    return connection_.has_value();
  }

  std::string socket_;
  std::optional<control_client> connection_;
};

/// A shim that makes sandboxes and ends them, one after the other, and looks at
/// what each operation has made.
class shim {
public:
  shim(const private_mounts& work, const std::string& socket, int number)
    : work_(work), client_(socket), name_("shim" + std::to_string(number)) {
  }

  void run(std::atomic<int>& operations, const std::atomic<bool>& ends) {
    while (!ends && failures_.empty())
      live("sb-" + name_ + "-" + std::to_string(++sandboxes_), operations);
  }
  const std::vector<std::string>& failures() const {
    return failures_;
  }
  int sandboxes() const {
    return sandboxes_;
  }

private:
  void live(const std::string& id, std::atomic<int>& operations) {
    const auto done = [&](const std::string& what, const auto& answer,
                          std::size_t mounts) {
      ++operations;
      if (!answer)
        failures_.push_back(id + ": " + what + ": " + answer.err().message);
      else if (const auto there = mounts_of(id); there != mounts)
        failures_.push_back(id + ": " + what + " left " + std::to_string(there)
                            + " mounts, not " + std::to_string(mounts));
    };
    done("Prepare", client_([&](auto& c) {
           return c.prepare(id);
         }),
         0);
    for (std::size_t n = 1; n <= shares; ++n)
      done("ShareFile", client_([&](auto& c) {
             return c.share(id, "c" + std::to_string(n), work_ / "source",
                            "/etc/x", true);
           }),
           n);
    done("ShareRootFilesystem", client_([&](auto& c) {
           return c.share_rootfs(id, "c1", work_ / "rootfs");
         }),
         shares + 1);
    done("UnshareContainer", client_([&](auto& c) {
           return c.unshare_container(id, "c2");
         }),
         shares);
    done("Cleanup", client_([&](auto& c) {
           return c.cleanup(id);
         }),
         0);
  }

  std::size_t mounts_of(const std::string& id) const {
    const auto below = work_ / ("share/" + id + "/mounts/");
    const auto table = mount_table();
    return static_cast<std::size_t>(
      std::count_if(table.begin(), table.end(), [&](const auto& entry) {
        return entry.mount_point.starts_with(below);
      }));
  }

  const private_mounts& work_;
  repeating_client client_;
  std::string name_;
  int sandboxes_ = 0;
  std::vector<std::string> failures_;
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

} // namespace

TEST_SUITE_BEGIN("crash: upgrade");

TEST_CASE("an upgrade under clients that work without pause loses no "
          "operation and does none twice") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  work.write("source/key", "value");
  work.make_dir("rootfs/bin");
  const auto program = work.make_dir("bin") + "/fsshared";
  replace_program(program, 0);
  killed_node node{work / "share", R"("mounts": {"visibility": "assumed"})",
                   program};
  node.start();

  std::atomic<int> operations{0};
  std::atomic<bool> ends{false};
  std::vector<shim> shims;
  for (int i = 0; i < clients; ++i)
    shims.emplace_back(work, node.socket(), i);
  std::vector<std::thread> threads;
  for (auto& one : shims)
    threads.emplace_back([&] {
      one.run(operations, ends);
    });
  for (int version = 1; version <= upgrades; ++version) {
    const auto until = operations + operations_between;
    // Whoever met a failure works no more.
    if (!eventually([&] {
          return operations >= until;
        }))
      break;
    replace_program(program, version);
    // Every other one has no time to take leave.
    if (version % 2 == 0)
      node.kill();
    else
      CHECK(node.program().terminate() == 0);
    node.begin();
  }
  ends = true;
  for (auto& thread : threads)
    thread.join();
  int sandboxes = 0;
  for (const auto& one : shims) {
    sandboxes += one.sandboxes();
    for (const auto& failure : one.failures())
      CHECK_MESSAGE(failure.empty(), failure);
  }
  MESSAGE(operations.load(), " operations on ", sandboxes, " sandboxes over ",
          upgrades, " upgrades");
  CHECK(operations >= upgrades * operations_between);
  CHECK(fs::is_empty(work / "share"));
  CHECK_FALSE(has_states(node.state_dir()));
  auto last = node.connect();
  const auto listed = last.list_sandboxes();
  REQUIRE(listed);
  CHECK(listed->sandboxes().empty());
}

TEST_SUITE_END();
