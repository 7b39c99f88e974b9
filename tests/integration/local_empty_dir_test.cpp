// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using nlohmann::json;

namespace {

constexpr const char* local_dir
  = "/run/kata-containers/shared/containers/passthrough/sb/rootfs/local";

json answer_of(const node_process& node, std::vector<std::string> words) {
  words.insert(words.end(), {"-o", "json"});
  const auto done = run_fssharectl(node.socket(), std::move(words));
  REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
  return json::parse(done.output);
}

} // namespace

TEST_SUITE_BEGIN("main/local_empty_dir");

TEST_CASE(
  "a caller that hands storages on is given one for an emptyDir without "
  "contents, and the guest nothing") {
  const temp_dir work;
  const auto dir = std::string{"pods/0f6a7c1e-1111-2222-3333-444455556666/"
                               "volumes/kubernetes.io~empty-dir/"};
  const auto scratch = work.make_dir(dir + "scratch");
  work.write(dir + "cache/seed", "seed");
  guest_process guest;
  node_process node;
  answer_of(node, {"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
                   to_string(guest.address()), "--local-dir", local_dir});
  for (const char* container : {"c1", "c2"}) {
    const auto reply
      = answer_of(node, {"share", "add", "sb", container, scratch, "/scratch"});
    const auto path = std::string{local_dir} + "/scratch";
    CHECK(reply.at("guest_path") == path);
    CHECK(reply.at("raw_guest_path") == path);
    REQUIRE(reply.at("volume_storages").size() == 1);
    const auto& storage = reply.at("volume_storages").at(0);
    CHECK(storage.at("driver") == "local");
    CHECK(storage.at("source") == "local");
    CHECK(storage.at("fstype") == "local");
    CHECK(storage.at("options") == json{"mode=0777"});
    CHECK(storage.at("mount_point") == path);
  }
  CHECK(std::filesystem::is_empty(guest.root()));
  const auto copied = answer_of(
    node, {"share", "add", "sb", "c1", work / (dir + "cache"), "/cache"});
  CHECK(copied.at("volume_storages").empty());
  CHECK(read_file(guest.root() + "/" + copied.at("share_id").get<std::string>()
                  + "/seed")
        == "seed");
  for (const auto& share :
       answer_of(node, {"sandbox", "inspect", "sb"}).at("shares"))
    CHECK(share.at("ready") == true);
  const auto features = answer_of(node, {"version"});
  CHECK(features.dump().find("local-empty-dirs") != std::string::npos);
}

TEST_SUITE_END();
