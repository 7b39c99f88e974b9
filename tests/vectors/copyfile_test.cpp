// SPDX-License-Identifier: Apache-2.0
#include "guest/guest_api.hpp"
#include "proto/agent.pb.h"
#include "tests/support/guest_process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/vectors/case_player.hpp"
#include "ttrpc/blocking_client.hpp"
#include "ttrpc/copy_file.hpp"

#include <algorithm>

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("vectors/copyfile");

using namespace fsshare;
using namespace fsshare::test;

namespace {

bytes encode(const recorded_request& from) {
  grpc::CopyFileRequest message;
  message.set_path(from.path);
  message.set_file_size(from.file_size);
  message.set_file_mode(from.file_mode);
  message.set_dir_mode(from.dir_mode);
  message.set_uid(from.uid);
  message.set_gid(from.gid);
  message.set_offset(from.offset);
  message.set_data(from.data);
  bytes out(message.ByteSizeLong());
  message.SerializeToArray(out.data(), static_cast<int>(out.size()));
  return out;
}

const std::vector<recorded_case>& cases() {
  static const auto all = read_recorded_cases("tests/vectors/copyfile.json");
  return all;
}

} // namespace

TEST_CASE("all recorded cases are there") {
  CHECK(cases().size() == 221);
  for (const auto& one : cases())
    CHECK(one.expect.size() == recorded_agents().size());
}

TEST_CASE(
  "every recorded guest agent took a file with a hole, sent as its first "
  "and its last part, for complete, and zeros are what was not sent") {
  const auto found
    = std::find_if(cases().begin(), cases().end(), [](const auto& one) {
        return one.name == "chunk/last-before-middle";
      });
  REQUIRE(found != cases().end());
  const auto& first = found->requests.at(0);
  const auto& last = found->requests.at(1);
  CHECK(first.offset == 0);
  const auto hole = static_cast<std::size_t>(last.offset) - first.data.size();
  CHECK(hole == 4);
  CHECK(last.offset + static_cast<std::int64_t>(last.data.size())
        == last.file_size);
  for (const auto& agent : recorded_agents()) {
    const auto& outcome = found->expect.at(agent.version);
    CHECK(outcome.codes == std::vector{0, 0, 0});
    const auto file = std::find_if(outcome.after.begin(), outcome.after.end(),
                                   [](const auto& entry) {
                                     return entry.path == "v/f.txt";
                                   });
    REQUIRE(file != outcome.after.end());
    CHECK(file->data == first.data + std::string(hole, '\0') + last.data);
  }
}

TEST_CASE("the guest API answers and leaves behind what was recorded") {
  const ttrpc::server_session session{ttrpc::server_rules::guest};
  for (const auto& agent : recorded_agents()) {
    const temp_dir dir;
    const auto root = dir.make_dir("share");
    auto store
      = guest::file_store::open(root, *guest::parse_profile(agent.profile));
    REQUIRE(store);
    const guest::guest_api api{std::move(*store)};
    const auto send = [&](const recorded_request& request) {
      const ttrpc::request call{
        1, ttrpc::agent_service, ttrpc::copy_file_method, encode(request), {}};
      const auto reply = api.answer(session, call);
      return reply ? 0 : static_cast<int>(reply.err().code);
    };
    CHECK(play_cases(cases(), agent, root, send) == expected_left_out(agent));
  }
}

TEST_CASE("fsshare-guest answers and leaves behind what was recorded") {
  for (const auto& agent : recorded_agents()) {
    const guest_process guest{{"--profile", agent.profile}};
    auto client = ttrpc::blocking_client::connect(guest.address());
    REQUIRE(client);
    const auto send = [&](const recorded_request& request) {
      const auto reply
        = client->call(ttrpc::agent_service, ttrpc::copy_file_method,
                       encode(request), child_process::patience);
      return reply ? 0 : static_cast<int>(reply.err().code);
    };
    CHECK(play_cases(cases(), agent, guest.root(), send)
          == expected_left_out(agent));
  }
}
