// SPDX-License-Identifier: Apache-2.0
#include "tests/support/control_client.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::size_t pods = 24;
constexpr std::size_t files = 8;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Sanitizers keep what was freed, for a while.
constexpr std::uint64_t most_growth = 512 * mib;
#else
// A half of what is copied, and six times the budget.
constexpr std::uint64_t most_growth = pods * files * mib / 2;
#endif

// Returns the most memory that a process has had so far, in bytes.
std::uint64_t peak_memory(int pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib << 10;
    }
  return 0;
}

// A tree that takes no room on the disk.
std::string make_tree(temp_dir& dir, const std::string& name) {
  for (std::size_t n = 0; n < files; ++n)
    std::filesystem::resize_file(dir.write(name + "/f" + std::to_string(n), ""),
                                 mib);
  return dir / name;
}

result<v1::ShareFileReply> share(const std::string& socket,
                                 const std::string& sandbox,
                                 const std::string& source) {
  control_client client{socket};
  v1::ShareFileRequest request;
  request.set_sandbox_id(sandbox);
  request.set_container_id("c");
  request.mutable_mount()->set_source(source);
  request.mutable_mount()->set_destination("/data");
  request.mutable_mount()->set_type("bind");
  return client.call<v1::ShareFileReply>("ShareFile", request);
}

} // namespace

TEST_SUITE_BEGIN("attacks/starting_pods");

TEST_CASE("many pods that start at once take no more memory than the node's "
          "budget") {
  temp_dir dir;
  node_process node{R"("copy": {"node_bytes": 16777216})"};
  // Busy booting.
  const guest_process guest{{"--delay", "200ms", "--workers", "4"}};
  control_client client{node.socket()};
  std::vector<std::string> trees;
  trees.reserve(pods);
  for (std::size_t n = 0; n < pods; ++n) {
    const auto prepared = client.prepare_copy("s" + std::to_string(n),
                                              to_string(guest.address()));
    REQUIRE_MESSAGE(prepared, (prepared ? "" : prepared.err().message));
    trees.push_back(make_tree(dir, "t" + std::to_string(n)));
  }
  const auto before = peak_memory(node.program().pid());
  REQUIRE(before > 0);
  std::vector<std::future<result<v1::ShareFileReply>>> made;
  made.reserve(pods);
  for (std::size_t n = 0; n < pods; ++n)
    made.push_back(std::async(std::launch::async, share, node.socket(),
                              "s" + std::to_string(n), trees[n]));
  for (auto& one : made) {
    const auto got = one.get();
    CHECK_MESSAGE(got, (got ? "" : got.err().message));
  }
  const auto growth = peak_memory(node.program().pid()) - before;
  CHECK_MESSAGE(growth < most_growth, (growth / mib), " MiB");
}

TEST_SUITE_END();
