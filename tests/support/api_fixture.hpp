// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/api_server.hpp"
#include "log/log.hpp"
#include "proto/fsshare.pb.h"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/memory_stream.hpp"
#include "ttrpc/client_session.hpp"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace fsshare::test {

constexpr const char* api_service = "fsshare.v1.FilesystemShare";

/// A client of the control API with one connection.
struct api_client {
  std::shared_ptr<memory_stream> stream = std::make_shared<memory_stream>();
  ttrpc::client_session session;

  std::uint32_t call(const char* method, const std::string& payload,
                     const char* of = api_service) {
    const auto id = session.call(of, method, {as_bytes(payload)},
                                 std::chrono::nanoseconds{0}, {});
    REQUIRE(id);
    stream->deliver(session.take_output());
    return *id;
  }
  std::vector<ttrpc::client_session::reply> replies() {
    auto got = session.receive(stream->take_sent());
    REQUIRE(got);
    return *std::move(got);
  }
};

/// An API SERVER whose NODE is a script.
struct api_fixture : actor_fixture {
  std::shared_ptr<fake_node_script> script
    = std::make_shared<fake_node_script>();
  fake_node_actor node = spawn<fake_node>(script);
  api_server_actor aut = spawn<api_server>(node, options());
  std::uint64_t connections = 0;

  api_fixture() {
    log::set_up({log_level::error, log_format::logfmt});
    script->answer<prepare_reply>() = {"/shared", "/mounts"};
  }

  static api_server_options options() {
    api_server_options out;
    out.allowed_uids = {0, 1000};
    out.version = "1.2.3";
    out.build = "g++";
    out.limits.calls = 3;
    out.max_unsent_bytes = 1000;
    return out;
  }

  api_client connect(std::uint32_t uid = 0) {
    api_client out;
    tell(aut, api_connected{++connections, out.stream, uid});
    run();
    return out;
  }

  ttrpc::client_session::reply call(api_client& client, const char* method,
                                    const std::string& payload,
                                    const char* of = api_service) {
    const auto id = client.call(method, payload, of);
    run();
    auto replies = client.replies();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].stream == id);
    return replies[0];
  }

  template <class Reply, class Request>
  Reply ok(api_client& client, const char* method, const Request& request) {
    const auto got = call(client, method, request.SerializeAsString());
    REQUIRE_MESSAGE(got.code == errc::none, got.message);
    Reply reply;
    REQUIRE(reply.ParseFromArray(got.payload.data(),
                                 static_cast<int>(got.payload.size())));
    return reply;
  }
};

/// A request that NODE takes.
inline v1::PrepareRequest good_prepare() {
  v1::PrepareRequest request;
  request.set_sandbox_id("sb-1");
  request.set_mode(v1::SHARING_MODE_COPY);
  request.mutable_guest()->set_address("unix:///run/guest.sock");
  return request;
}

} // namespace fsshare::test
