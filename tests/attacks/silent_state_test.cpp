// SPDX-License-Identifier: Apache-2.0
#include "tests/support/control_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

TEST_SUITE_BEGIN("attacks: a state directory that does not answer");

TEST_CASE("a write to the state directory that hangs stops no rotation, no "
          "call and not the end") {
  const temp_dir dir;
  const guest_process guest;
  node_process node{R"("shutdown": {"grace": "2s"})"};
  const auto volume = dir / "pods/u/volumes/kubernetes.io~configmap/cm";
  fs::create_directories(volume);
  rotator kubelet{volume, kubelet_order::from_1_27};
  kubelet.rotate({{"a", {"1"}}});
  control_client client{node.socket()};
  std::vector<std::string> copies;
  for (const std::string sandbox : {"held", "free"}) {
    REQUIRE(client.prepare_copy(sandbox, to_string(guest.address())));
    const auto share = client.share(sandbox, "c", volume, "/v", true);
    REQUIRE_MESSAGE(share, (share ? "" : share.err().message));
    copies.push_back(guest.root() + "/" + share->share_id());
  }
  const auto all_have = [&](const std::string& text) {
    return eventually([&] {
      return read_file(copies[0] + "/a") == text
             && read_file(copies[1] + "/a") == text;
    });
  };
  // Whoever opens it for writing waits for a reader.
  const auto file = fs::path{node.socket()}.parent_path() / "state/held.jsonl";
  REQUIRE(fs::remove(file));
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  for (const std::string text : {"2", "3", "4"}) {
    kubelet.rotate({{"a", {text}}});
    CHECK(all_have(text));
  }
  CHECK(client.list_sandboxes());
  CHECK(client.prepare_copy("new", to_string(guest.address())));
  CHECK(eventually([&] {
    return node.program().errors().find("event=state-not-recorded")
           != std::string::npos;
  }));
  const auto begun = std::chrono::steady_clock::now();
  node.program().terminate();
  CHECK(std::chrono::steady_clock::now() - begun < 15s);
}

TEST_SUITE_END();
