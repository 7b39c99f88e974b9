// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/crash_points.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/rotator.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr std::size_t shares = 5;
/// A guest agent has a descriptor for each.
constexpr std::size_t sandboxes_per_guest = 200;
constexpr const char* config = R"("mounts": {"visibility": "assumed"},
                                  "http": {"listen": ""},
                                  "guest": {"quiet_time": "20ms"})";

/// What guest agents were asked for.
struct served {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t copies = 0;
  /// CopyFile requests that changed something.
  std::uint64_t copied = 0;
};

/// Sandboxes whose guests have copies of the same volumes.
class shared_sandboxes {
public:
  explicit shared_sandboxes(std::size_t count)
    : count_(count), node_(dir_.make_dir("share"), config) {
    for (std::size_t n = 0; n < count; n += sandboxes_per_guest)
      guests_.push_back(std::make_unique<guest_process>());
    for (std::size_t n = 0; n < shares; ++n) {
      kubelets_.push_back(std::make_unique<rotator>(dir_.make_dir(name(n)),
                                                    kubelet_order::from_1_27));
      rotate(n, "first");
    }
    node_.start();
  }

  void rotate(std::size_t volume, const std::string& text) {
    kubelets_[volume]->rotate({{"key", {text}}, {"other", {text}}});
  }

  void share_all() {
    auto client = node_.connect();
    for (std::size_t n = 0; n < count_; ++n) {
      const auto id = "sb" + std::to_string(n);
      REQUIRE(client.prepare_copy(
        id, to_string(guests_[n / sandboxes_per_guest]->address())));
      for (std::size_t i = 0; i < shares; ++i) {
        const auto shared = client.share(id, "c", dir_ / name(i),
                                         "/etc/v" + std::to_string(i), true);
        REQUIRE_MESSAGE(shared, (shared ? "" : shared.err().message));
      }
    }
    // Answered when all before it was written down.
    v1::GetSandboxRequest last;
    last.set_sandbox_id("sb0");
    REQUIRE(client.call<v1::GetSandboxReply>("GetSandbox", last));
  }

  void kill() {
    node_.kill();
  }
  /// Starts it again; guest agents count from here on.
  /// @returns how long it took until it took calls.
  std::chrono::milliseconds start() {
    for (std::size_t n = 0; n < guests_.size(); ++n)
      guests_[n]->restart({"--stats", stats_file(n)});
    const auto begin = std::chrono::steady_clock::now();
    node_.start();
    return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  }

  /// Waits until all copies are said to be current.
  bool all_current() {
    return eventually(
      [&] {
        return current() == count_ * shares;
      },
      std::chrono::seconds{120});
  }

  /// Ends the guest agents.
  served end() {
    served sum;
    for (std::size_t n = 0; n < guests_.size(); ++n) {
      CHECK(guests_[n]->process().terminate() == 0);
      const auto told = nlohmann::json::parse(read_file(stats_file(n)));
      const auto number = [&told](const char* of) {
        return told.at(of).get<std::uint64_t>();
      };
      const auto requests = number("requests");
      const auto copies = number("copy_file_requests");
      // Whatever else there is succeeds.
      const auto others = requests - copies;
      REQUIRE(number("succeeded") >= others);
      sum.connections += number("connections");
      sum.requests += requests;
      sum.copies += copies;
      sum.copied += number("succeeded") - others;
    }
    return sum;
  }

private:
  static std::string name(std::size_t volume) {
    return "pods/0f6a7c1e-1111-2222-3333-444455556666/volumes/"
           "kubernetes.io~configmap/v"
           + std::to_string(volume);
  }
  std::string stats_file(std::size_t guest) const {
    return dir_ / ("stats" + std::to_string(guest));
  }

  /// Returns how many copies are current.
  std::size_t current() {
    auto client = node_.connect();
    std::size_t sum = 0;
    v1::ListVolumesRequest request;
    for (;;) {
      const auto page
        = client.call<v1::ListVolumesReply>("ListVolumes", request);
      REQUIRE_MESSAGE(page, (page ? "" : page.err().message));
      for (const auto& volume : page->volumes())
        for (const auto& at : volume.destinations())
          sum += at.current() ? 1U : 0U;
      if (page->volumes_next().empty())
        return sum;
      request.set_volumes_after(page->volumes_next());
    }
  }

  temp_dir dir_;
  std::size_t count_;
  std::vector<std::unique_ptr<guest_process>> guests_;
  std::vector<std::unique_ptr<rotator>> kubelets_;
  killed_node node_;
};

} // namespace

TEST_SUITE_BEGIN("crash: requests of an adoption");

TEST_CASE("of what guests have acknowledged nothing is sent again after a "
          "kill") {
  const std::size_t sandboxes = 1000 / crash_stride();
  shared_sandboxes all{sandboxes};
  all.share_all();
  all.kill();
  const auto took = all.start();
  REQUIRE(all.all_current());
  const auto got = all.end();
  MESSAGE(sandboxes, " sandboxes of ", shares, " copies adopted in ",
          took.count(), " ms; their guests got ", got.requests, " requests, ",
          got.copies, " of them looks, and ", got.copied, " files");
  CHECK(got.connections == sandboxes);
  // A look at what is there changes nothing.
  CHECK(got.copies <= sandboxes);
  CHECK(got.copied == 0);
}

TEST_CASE("of what has rotated while no node agent ran each guest gets that "
          "volume, and no other") {
  constexpr std::size_t sandboxes = 10;
  shared_sandboxes all{sandboxes};
  all.share_all();
  all.kill();
  all.rotate(0, "second");
  all.start();
  REQUIRE(all.all_current());
  const auto got = all.end();
  // The generation's directory, two files, the flip, and what removes the old
  // one, if that is due yet.
  CHECK(got.copied >= sandboxes * 4);
  CHECK(got.copied <= sandboxes * 5);
}

TEST_SUITE_END();
