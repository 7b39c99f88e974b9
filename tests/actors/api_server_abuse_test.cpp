// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;
using fixture = test::api_fixture;
using test::good_prepare;

TEST_SUITE_BEGIN("actors/api_server abuse");

TEST_CASE_FIXTURE(fixture, "users that are not allowed get PERMISSION_DENIED") {
  auto client = connect(1001);
  const auto got = call(client, "Prepare", good_prepare().SerializeAsString());
  CHECK(got.code == errc::permission_denied);
  CHECK(got.message.find("1001") != std::string::npos);
  CHECK(call(client, "Version", "").code == errc::permission_denied);
  CHECK(script->calls.empty());
}

TEST_CASE_FIXTURE(fixture, "errors of NODE come with code and sentence") {
  script->failure = {errc::already_exists, "share /a: is \xff there"};
  auto client = connect();
  const auto got = call(client, "Prepare", good_prepare().SerializeAsString());
  CHECK(got.code == errc::already_exists);
  CHECK(got.message == "share /a: is \xef\xbf\xbd there");
  self->send_exit(node, caf::exit_reason::user_shutdown);
  run();
  CHECK(call(client, "Prepare", good_prepare().SerializeAsString()).code
        == errc::unavailable);
}

TEST_CASE_FIXTURE(fixture,
                  "answers come in the order in which they are ready") {
  script->hold_prepare = true;
  auto client = connect();
  const auto slow = client.call("Prepare", good_prepare().SerializeAsString());
  const auto quick = client.call("Version", "");
  run();
  auto replies = client.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].stream == quick);
  tell(node, test::release_held{});
  run();
  replies = client.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].stream == slow);
}

TEST_CASE_FIXTURE(fixture, "a client that goes away cancels nothing") {
  script->hold_prepare = true;
  auto client = connect();
  client.call("Prepare", good_prepare().SerializeAsString());
  run();
  client.stream->end();
  run();
  CHECK(client.stream->is_closed());
  CHECK(script->calls == std::vector<std::string>{"prepare_request sb-1"});
  tell(node, test::release_held{});
  run();
  CHECK(client.stream->take_sent().empty());
  auto other = connect();
  CHECK(call(other, "Version", "").code == errc::none);
}

TEST_CASE_FIXTURE(fixture, "too many waiting calls are RESOURCE_EXHAUSTED") {
  script->hold_prepare = true;
  auto client = connect();
  for (int i = 0; i < 3; ++i)
    client.call("Prepare", good_prepare().SerializeAsString());
  run();
  CHECK(client.replies().empty());
  CHECK(call(client, "Prepare", good_prepare().SerializeAsString()).code
        == errc::resource_exhausted);
  tell(node, test::release_held{});
  run();
  CHECK(client.replies().size() == 3);
  script->hold_prepare = false;
  CHECK(call(client, "Prepare", good_prepare().SerializeAsString()).code
        == errc::none);
}

TEST_CASE_FIXTURE(fixture, "a client that does not read is disconnected") {
  auto client = connect();
  client.stream->stop_reading();
  for (int i = 0; i < 100 && !client.stream->is_closed(); ++i) {
    client.call("Version", "");
    client.call("Version", "");
    run();
  }
  CHECK(client.stream->is_closed());
  auto other = connect();
  CHECK(call(other, "Version", "").code == errc::none);
}

TEST_CASE_FIXTURE(fixture, "refusals that are not read count as answers do") {
  auto client = connect();
  client.stream->stop_reading();
  // Requests with an even id, which the session refuses itself.
  for (int i = 0; i < 100 && !client.stream->is_closed(); ++i) {
    client.stream->deliver({0, 0, 0, 0, 0, 0, 0, 2, 1, 0});
    run();
  }
  CHECK(client.stream->is_closed());
}

TEST_CASE_FIXTURE(fixture,
                  "a client whose frames are ignored is disconnected") {
  auto client = connect();
  const auto ignored = [&] {
    client.stream->deliver({0, 0, 0, 0, 0, 0, 0, 1, 9, 0});
    run();
  };
  for (int i = 0; i < 16; ++i)
    ignored();
  CHECK_FALSE(client.stream->is_closed());
  CHECK(call(client, "Version", "").code == errc::none);
  ignored();
  CHECK(client.stream->is_closed());
}

TEST_CASE_FIXTURE(fixture,
                  "a frame that does not end in time ends its client") {
  auto client = connect();
  client.stream->deliver({0, 0, 0, 9});
  run();
  advance(29s);
  // A byte more is no new frame.
  client.stream->deliver({0});
  run();
  CHECK_FALSE(client.stream->is_closed());
  advance(2s);
  run();
  CHECK(client.stream->is_closed());
  auto other = connect();
  CHECK(call(other, "Version", "").code == errc::none);
}

TEST_CASE_FIXTURE(fixture, "a request of more than 1 MiB is refused unread") {
  auto client = connect();
  auto request = good_prepare();
  request.add_kubelet_roots(std::string((1U << 20) + 1, 'x'));
  const auto got = call(client, "Prepare", request.SerializeAsString());
  CHECK(got.code == errc::invalid_argument);
  CHECK(got.message.find("at most 1048576 are taken") != std::string::npos);
  CHECK(script->calls.empty());
}

TEST_CASE_FIXTURE(fixture, "requests that wait have a budget in bytes") {
  script->hold_prepare = true;
  auto options = api_fixture::options();
  options.limits.waiting_bytes = 5000;
  aut = spawn<api_server>(node, options);
  auto other = connect();
  other.call("Prepare", good_prepare().SerializeAsString());
  other.call("Prepare", good_prepare().SerializeAsString());
  run();
  CHECK(other.replies().empty());
  const auto refused
    = call(other, "Prepare", good_prepare().SerializeAsString());
  CHECK(refused.code == errc::resource_exhausted);
  tell(node, test::release_held{});
  run();
  CHECK(other.replies().size() == 2);
}

TEST_CASE_FIXTURE(fixture, "idle clients make room where connections end") {
  auto options = api_fixture::options();
  options.limits.connections = 2;
  aut = spawn<api_server>(node, options);
  script->hold_prepare = true;
  auto busy = connect();
  busy.call("Prepare", good_prepare().SerializeAsString());
  run();
  auto idle = connect();
  auto third = connect();
  CHECK_FALSE(busy.stream->is_closed());
  CHECK(idle.stream->is_closed());
  third.call("Prepare", good_prepare().SerializeAsString());
  run();
  // Nobody is idle: the newcomer is told so, as answer to its first call.
  auto fourth = connect();
  REQUIRE(fourth.session.call(test::api_service, "Version", {}, 0s, {}));
  const auto replies = fourth.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].code == errc::resource_exhausted);
  CHECK(fourth.stream->is_closed());
  tell(node, test::release_held{});
  run();
  CHECK(busy.replies().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "few descriptors cost an idle client each") {
  script->hold_prepare = true;
  auto busy = connect();
  busy.call("Prepare", good_prepare().SerializeAsString());
  auto used = connect();
  CHECK(call(used, "Version", "").code == errc::none);
  auto unused = connect();
  tell(aut, api_descriptors{api_descriptors::state::few});
  run();
  CHECK(unused.stream->is_closed());
  CHECK_FALSE(used.stream->is_closed());
  tell(aut, api_descriptors{api_descriptors::state::few});
  tell(aut, api_descriptors{api_descriptors::state::few});
  tell(aut, api_descriptors{api_descriptors::state::enough});
  run();
  CHECK(used.stream->is_closed());
  CHECK_FALSE(busy.stream->is_closed());
  tell(node, test::release_held{});
  run();
  CHECK(busy.replies().size() == 1);
}

TEST_CASE_FIXTURE(fixture,
                  "a status beyond a frame is cut, and says by how much") {
  destination_status at;
  at.sandbox_id = "sb-1";
  at.guest_path = "/g/" + std::string(200, 'x');
  auto& volumes = script->answer<list_volumes_reply>().volumes.listed;
  volumes.resize(3);
  volumes[1].path = "/v";
  volumes[1].destinations.assign(30'000, at);
  auto client = connect();
  auto reply
    = ok<v1::ListVolumesReply>(client, "ListVolumes", v1::ListVolumesRequest{});
  REQUIRE(reply.volumes_size() == 2);
  CHECK(reply.volumes_more() == 1);
  const auto& cut = reply.volumes(1);
  CHECK(cut.destinations_size() > 10'000);
  CHECK(static_cast<std::uint64_t>(cut.destinations_size())
          + cut.destinations_more()
        == 30'000);
  // With shares that fill a reply, volumes are listed all the same.
  auto& sandbox = script->answer<get_sandbox_reply>();
  sandbox.shares.listed.resize(30'000);
  for (auto& share : sandbox.shares.listed)
    share.host_path = std::string(200, 'y');
  sandbox.volumes.listed = volumes;
  for (int n = 0; n < 5000; ++n)
    sandbox.sandbox.leftovers.listed.push_back(
      {"/p" + std::to_string(n), "why"});
  v1::GetSandboxRequest request;
  request.set_sandbox_id("sb-1");
  const auto got = ok<v1::GetSandboxReply>(client, "GetSandbox", request);
  CHECK(got.shares_size() > 5000);
  CHECK(static_cast<std::uint64_t>(got.shares_size()) + got.shares_more()
        == 30'000);
  CHECK(got.volumes(1).destinations_size() > 5000);
  CHECK(got.sandbox().pending_size() == 1000);
  CHECK(got.sandbox().pending_more() == 4000);
}

TEST_CASE_FIXTURE(fixture, "what of shares, volumes, destinations and "
                           "sandboxes is beyond a frame comes in pages, each "
                           "once") {
  constexpr std::uint64_t many = 25'000;
  constexpr std::uint64_t few = 3;
  auto& sandbox = script->answer<get_sandbox_reply>();
  sandbox.sandbox.sandbox_id = "sb-1";
  for (std::uint64_t n = 0; n < many; ++n) {
    share_status share;
    // The last ones are root filesystems.
    (n < many - few ? share.share_id : share.container_id)
      = std::to_string(100'000 + n);
    share.host_path = std::string(200, 'y');
    sandbox.shares.listed.push_back(std::move(share));
  }
  std::uint64_t order = 0;
  for (const std::uint64_t count : {few, many, few, few}) {
    volume_status volume;
    volume.path = "/v\xff" + std::to_string(sandbox.volumes.listed.size());
    for (std::uint64_t n = 0; n < count; ++n) {
      destination_status at;
      at.order = ++order;
      at.share_id = std::to_string(at.order);
      at.guest_path = "/g/" + std::string(200, 'x');
      volume.destinations.push_back(std::move(at));
    }
    sandbox.volumes.listed.push_back(std::move(volume));
  }
  script->answer<list_volumes_reply>().volumes.listed = sandbox.volumes.listed;
  auto client = connect();
  constexpr std::size_t frame = std::size_t{4} << 20;

  std::set<std::string> shares;
  std::set<std::string> destinations;
  std::uint64_t left = many;
  const auto see_volumes = [&destinations](const auto& reply) {
    for (const auto& volume : reply.volumes())
      for (const auto& each : volume.destinations())
        CHECK(destinations.insert(each.share_id()).second);
  };
  v1::GetSandboxRequest request;
  request.set_sandbox_id("sb-1");
  auto got = ok<v1::GetSandboxReply>(client, "GetSandbox", request);
  auto volumes_next = got.volumes_next();
  see_volumes(got);
  for (bool more = true; more;) {
    for (const auto& share : got.shares())
      CHECK(shares.insert(share.share_id() + share.container_id()).second);
    left -= static_cast<std::uint64_t>(got.shares_size());
    CHECK(got.shares_more() == left);
    CHECK(got.ByteSizeLong() < frame);
    more = !got.shares_next().empty();
    CHECK(more == (left > 0));
    request.set_shares_after(got.shares_next());
    if (more)
      got = ok<v1::GetSandboxReply>(client, "GetSandbox", request);
  }
  CHECK(shares.size() == many);
  request.clear_shares_after();
  while (!volumes_next.empty()) {
    request.set_volumes_after(volumes_next);
    got = ok<v1::GetSandboxReply>(client, "GetSandbox", request);
    CHECK(got.shares_size() == 0);
    CHECK(got.ByteSizeLong() < frame);
    see_volumes(got);
    volumes_next = got.volumes_next();
  }
  CHECK(destinations.size() == order);
  CHECK(got.volumes_more() == 0);

  destinations.clear();
  v1::ListVolumesRequest listing;
  do {
    const auto page = ok<v1::ListVolumesReply>(client, "ListVolumes", listing);
    CHECK(page.ByteSizeLong() < frame);
    see_volumes(page);
    listing.set_volumes_after(page.volumes_next());
  } while (!listing.volumes_after().empty());
  CHECK(destinations.size() == order);

  request.set_volumes_after("elsewhere");
  CHECK(call(client, "GetSandbox", request.SerializeAsString()).code
        == errc::invalid_argument);
  request.set_volumes_after("1 L3Y=");
  request.set_shares_after("1");
  CHECK(call(client, "GetSandbox", request.SerializeAsString()).code
        == errc::invalid_argument);
}

TEST_CASE_FIXTURE(fixture, "names beyond what a list may have are counted") {
  destination_status at;
  at.sandbox_id = "sb-1";
  at.not_removable.assign(3000, "/g/..old");
  auto& volumes = script->answer<list_volumes_reply>().volumes.listed;
  volumes.resize(1);
  volumes[0].destinations.assign(1, at);
  auto client = connect();
  const auto reply
    = ok<v1::ListVolumesReply>(client, "ListVolumes", v1::ListVolumesRequest{});
  CHECK(reply.volumes(0).destinations(0).not_removable_size() == 1000);
  CHECK(reply.volumes(0).destinations(0).not_removable_more() == 2000);
}

TEST_CASE_FIXTURE(fixture, "what hangs is listed with its time, a thousand at "
                           "most") {
  script->answer<get_sandbox_reply>().sandbox.hung_reads.assign(
    1001, {"open /mnt/a", std::chrono::milliseconds{12'900}});
  auto client = connect();
  v1::GetSandboxRequest request;
  request.set_sandbox_id("sb-1");
  const auto got = ok<v1::GetSandboxReply>(client, "GetSandbox", request);
  REQUIRE(got.sandbox().hung_reads_size() == 1000);
  CHECK(got.sandbox().hung_reads_more() == 1);
  CHECK(got.sandbox().hung_reads(0).path() == "open /mnt/a");
  CHECK(got.sandbox().hung_reads(0).reason() == "no answer for 12s");
}

TEST_CASE_FIXTURE(fixture, "answers that nobody reads have a limit together, "
                           "and who reads least goes") {
  volume_status large;
  large.path = "/" + std::string(1'200'000, 'v');
  script->answer<list_volumes_reply>().volumes.listed.assign(1, large);
  auto options = api_fixture::options();
  options.max_unsent_bytes = 100U << 20;
  options.max_all_unsent_bytes = 4U << 20;
  aut = spawn<api_server>(node, options);
  auto one = connect();
  auto more = connect();
  for (auto* client : {&one, &more, &more})
    client->stream->stop_reading();
  const auto ask = [this](test::api_client& client) {
    client.call("ListVolumes", "");
    run();
  };
  ask(one);
  ask(more);
  ask(more);
  CHECK_FALSE(more.stream->is_closed());
  ask(one);
  CHECK(one.stream->is_closed() != more.stream->is_closed());
  auto other = connect();
  CHECK(call(other, "Version", "").code == errc::none);
}

TEST_CASE_FIXTURE(fixture, "a sentence that quotes what a client sent is cut") {
  script->failure = {errc::not_found, std::string(5000, 'x')};
  auto client = connect();
  const auto got = call(client, "Prepare", good_prepare().SerializeAsString());
  CHECK(got.code == errc::not_found);
  CHECK(got.message == std::string(510, 'x') + "..." + std::string(511, 'x'));
}

TEST_CASE_FIXTURE(fixture, "garbage and oversize frames leave others alone") {
  auto client = connect();
  // Announces 4 MiB and one byte on stream 1.
  client.stream->deliver({0x00, 0x40, 0x00, 0x01, 0, 0, 0, 1, 1, 0});
  run();
  bytes body(4'194'305, 0xaa);
  client.stream->deliver(std::move(body));
  run();
  // Its answer carries the id of a call that the session never made.
  CHECK(client.replies().empty());
  CHECK(client.session.stray_responses() == 1);
  client.call("Version", ""); // id 1 again: refused
  run();
  REQUIRE(client.replies().size() == 1);
  auto other = connect();
  other.stream->deliver(bytes(1000, 0xff));
  run();
  auto third = connect();
  CHECK(call(third, "Version", "").code == errc::none);
}

TEST_CASE_FIXTURE(fixture, "bytes may arrive in any pieces") {
  auto client = connect();
  REQUIRE(client.session.call(test::api_service, "Version", {}, 0s, {}));
  for (const auto byte : client.session.take_output())
    client.stream->deliver({byte});
  run();
  const auto replies = client.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].code == errc::none);
}

TEST_CASE_FIXTURE(fixture, "connections end with the actor") {
  auto client = connect();
  self->send_exit(aut, caf::exit_reason::user_shutdown);
  run();
  CHECK(client.stream->is_closed());
}

TEST_SUITE_END();
