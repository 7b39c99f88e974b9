// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/resident_memory.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <doctest/doctest.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

using namespace fsshare;
using namespace fsshare::test;
using nlohmann::json;

namespace {

constexpr std::uint64_t large_bytes = std::uint64_t{128} << 20;
constexpr std::uint64_t small_files = 2000;

// A tree with many small files and a large one, which has no holes: those are
// not sent.
struct large_tree {
  large_tree() {
    for (std::uint64_t n = 0; n < small_files; ++n)
      dir.write("tree/small/f" + std::to_string(n), "text");
    dir.write("tree/large", std::string(large_bytes, 'x'));
  }

  temp_dir dir;
  std::string path = dir / "tree";
};

void prepare(const node_process& node, const guest_process& guest) {
  const auto done = run_fssharectl(node.socket(), {"sandbox", "prepare", "sb",
                                                   "--mode", "copy", "--guest",
                                                   to_string(guest.address())});
  REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
}

json shown(const node_process& node) {
  const auto got
    = run_fssharectl(node.socket(), {"sandbox", "inspect", "sb", "-o", "json"});
  REQUIRE_MESSAGE(got.exit_code == 0, got.errors);
  return json::parse(got.output);
}

std::uint64_t number(const json& of, const char* name) {
  return std::stoull(of.at(name).get<std::string>());
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Sanitizers keep what was freed, for a while.
constexpr std::uint64_t most_growth = std::uint64_t{512} << 20;
#else
constexpr std::uint64_t most_growth = large_bytes / 3;
#endif

} // namespace

TEST_SUITE_BEGIN("integration/copy_progress");

TEST_CASE("a large tree is copied with little memory, and counted") {
  const large_tree tree;
  node_process node;
  const guest_process guest;
  prepare(node, guest);
  const auto before = peak_memory(node.program().pid());
  const auto added = run_fssharectl(
    node.socket(), {"share", "add", "sb", "c1", tree.path, "/data"});
  REQUIRE_MESSAGE(added.exit_code == 0, added.errors);
  const auto growth = peak_memory(node.program().pid()) - before;
  MESSAGE("memory grew by ", growth >> 10, " KiB");
  CHECK(growth < most_growth);
  const auto sandbox = shown(node).at("sandbox");
  CHECK(number(sandbox, "held_bytes") == large_bytes + small_files * 4096);
  const auto listed
    = run_fssharectl(node.socket(), {"share", "ls", "sb"}).output;
  CHECK_MESSAGE(listed.find("ready") != std::string::npos, listed);
}

TEST_CASE("a copy that runs shows how far it is") {
  const large_tree tree;
  node_process node;
  const guest_process guest{{"--hang-after", "2060"}};
  prepare(node, guest);
  child_process adding{{fssharectl_program(), "--endpoint", node.socket(),
                        "share", "add", "sb", "c1", tree.path, "/data"}};
  json progress;
  const auto limit = std::chrono::steady_clock::now() + child_process::patience;
  std::uint64_t last = 0;
  // It only ever grows, to where the guest hangs.
  for (std::uint64_t done = 0; done < 1000 || done != last;) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    last = done;
    const auto shares = shown(node).at("shares");
    if (shares.empty())
      continue;
    progress = shares.at(0).at("progress");
    done = number(progress, "entries_done");
    CHECK(done >= last);
    CHECK_FALSE(shares.at(0).at("ready").get<bool>());
  }
  CHECK(number(progress, "entries_total") == small_files + 3);
  CHECK(number(progress, "entries_done") < small_files + 3);
  CHECK(number(progress, "total_bytes") == large_bytes + small_files * 4);
  CHECK(number(progress, "done_bytes") < large_bytes);
  const auto listed
    = run_fssharectl(node.socket(), {"share", "ls", "sb"}).output;
  CHECK_MESSAGE(listed.find("copying ") != std::string::npos, listed);
  CHECK(run_fssharectl(node.socket(), {"sandbox", "cleanup", "sb"}).exit_code
        == 0);
  CHECK(adding.wait() == 1);
  CHECK(adding.errors().find("ABORTED") != std::string::npos);
}

TEST_SUITE_END();
