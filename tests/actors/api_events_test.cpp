// SPDX-License-Identifier: Apache-2.0
#include "actors/events.hpp"
#include "core/metrics/known_metrics.hpp"
#include "core/pacing.hpp"
#include "proto/ttrpc.pb.h"
#include "tests/support/api_fixture.hpp"
#include "ttrpc/frame.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("actors/api_events");

namespace {

struct fixture : test::api_fixture {
  events_actor kept = spawn<event_keeper>(keeping());
  test::api_client client;

  fixture() {
    aut = spawn<api_server>(node, options(), owners_actor{}, kept);
    client = connect();
  }

  static events_options keeping() {
    events_options out;
    out.kept.events = 100;
    out.page.events = 4;
    out.wall_clock = [] {
      return event_ring::wall_time{1500ms};
    };
    return out;
  }

  void happen(node_event what) {
    note(kept, std::move(what));
    run();
  }

  /// Returns how many calls wait, as a scrape shows it.
  double waiters() {
    const auto got = ask<metrics_part>(kept, describe_metrics{});
    REQUIRE(got);
    for (const auto& [series, value] : got->metrics.all())
      if (known_metrics[series.index].name == "kata_fsshare_event_waiters")
        return std::get<double>(value);
    FAIL("not measured");
    return -1;
  }
};

node_event failed() {
  node_event out{event_id::push_failed, "sb-1", "c1", "c1-1", "/v", "..1"};
  out.detail = "refused\xff";
  out.failures = 2;
  out.next_try = 1s;
  return out;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "an event has all that is known of it") {
  happen(failed());
  node_event live{event_id::generation_live, "sb-1"};
  live.lag = 3ms;
  happen(live);
  const auto got
    = ok<v1::WatchEventsReply>(client, "WatchEvents", v1::WatchEventsRequest{});
  REQUIRE(got.events_size() == 2);
  const auto& first = got.events(0);
  CHECK(first.number() == 1);
  CHECK(first.time_ns() == 1'500'000'000);
  CHECK(first.id() == "push-failed");
  CHECK(first.sandbox_id() == "sb-1");
  CHECK(first.container_id() == "c1");
  CHECK(first.share_id() == "c1-1");
  CHECK(first.volume() == "/v");
  CHECK(first.generation() == "..1");
  CHECK(first.sentence()
        == "push failed: refused\ufffd; 2 failures in a row; next try in 1s");
  CHECK(first.trouble());
  CHECK(first.failures() == 2);
  CHECK(first.will_try());
  CHECK(first.next_try_ns() == 1'000'000'000);
  CHECK_FALSE(first.has_caller());
  CHECK(got.events(1).lag_ns() == 3'000'000);
  CHECK_FALSE(got.events(1).trouble());
  CHECK_FALSE(got.events(1).will_try());
  CHECK(got.events_next() == "1-2");
  CHECK_FALSE(got.more());
}

TEST_CASE_FIXTURE(fixture, "events come in pages, and what is lost or of "
                           "another process is told") {
  for (int n = 0; n < 105; ++n)
    happen(failed());
  v1::WatchEventsRequest request;
  std::uint64_t lost = 0;
  std::uint64_t last = 0;
  int pages = 0;
  for (bool goes_on = true; goes_on; ++pages) {
    const auto got = ok<v1::WatchEventsReply>(client, "WatchEvents", request);
    CHECK(got.events_size() == 4);
    lost += got.lost();
    last = got.events(3).number();
    goes_on = got.more();
    request.set_events_after(got.events_next());
  }
  CHECK(pages == 25);
  CHECK(last == 105);
  CHECK(lost == 5);
  request.set_events_after("77-1");
  CHECK(ok<v1::WatchEventsReply>(client, "WatchEvents", request).restarted());
}

TEST_CASE_FIXTURE(fixture, "a bad request is refused") {
  const auto refused = [&](const v1::WatchEventsRequest& request) {
    const auto got = call(client, "WatchEvents", request.SerializeAsString());
    CHECK(got.code == errc::invalid_argument);
    return got.message;
  };
  v1::WatchEventsRequest request;
  request.set_events_after("garbage");
  CHECK(refused(request).starts_with("events_after"));
  request.clear_events_after();
  request.set_volume("relative");
  CHECK(refused(request).starts_with("volume"));
  request.clear_volume();
  request.set_sandbox_id("../x");
  CHECK(refused(request).starts_with("sandbox_id"));
  request.clear_sandbox_id();
  request.set_wait_ns(-1);
  CHECK(refused(request).starts_with("wait_ns"));
}

TEST_CASE_FIXTURE(fixture, "a client that waits holds up nothing, and one that "
                           "goes away waits no more") {
  v1::WatchEventsRequest request;
  request.set_wait_ns(60'000'000'000);
  const auto text = request.SerializeAsString();
  const auto id = client.call("WatchEvents", text);
  run();
  CHECK(client.replies().empty());
  // Other calls of its connection are answered.
  v1::CheckRequest check;
  CHECK(call(client, "Check", check.SerializeAsString()).code == errc::none);
  happen(failed());
  advance(pacing::event_gather);
  run();
  const auto replies = client.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].stream == id);
  request.set_events_after("1-1");
  client.call("WatchEvents", request.SerializeAsString());
  run();
  CHECK(waiters() == 1);
  client.stream->end();
  run();
  CHECK(waiters() == 0);
}

TEST_CASE_FIXTURE(fixture, "without EVENTS it is said that there are none") {
  aut = spawn<api_server>(node, options());
  client = connect();
  CHECK(call(client, "WatchEvents", "").code == errc::unavailable);
}

namespace {

/// A frame of a Prepare whose metadata name a trace.
bytes traced_prepare(std::uint32_t stream, const std::string& trace_parent) {
  ttrpc::wire::Request request;
  request.set_service(test::api_service);
  request.set_method("Prepare");
  request.set_payload(test::good_prepare().SerializeAsString());
  auto* other = request.add_metadata();
  other->set_key("x");
  other->set_value("y");
  auto* named = request.add_metadata();
  named->set_key("traceparent");
  named->set_value(trace_parent);
  const auto payload = request.SerializeAsString();
  const auto head = ttrpc::encode_frame_header(
    {static_cast<std::uint32_t>(payload.size()), stream, ttrpc::request_frame});
  bytes out{head.begin(), head.end()};
  const auto rest = as_bytes(payload);
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

} // namespace

TEST_CASE_FIXTURE(fixture,
                  "who had something changed is told with the outcome, "
                  "and who looks is not") {
  test::api_client other;
  tell(aut, api_connected{++connections, other.stream, 1000,
                          process_identity{47, 1, "ns"}});
  run();
  const auto prepare = test::good_prepare().SerializeAsString();
  CHECK(call(other, "Prepare", prepare).code == errc::none);
  CHECK(call(other, "ListVolumes", "").code == errc::none);
  v1::CollectOrphansRequest collect;
  CHECK(call(other, "CollectOrphans", collect.SerializeAsString()).code
        == errc::none);
  // Refused before anything was tried.
  CHECK(call(other, "Cleanup", "").code == errc::invalid_argument);
  script->failure = {errc::not_found, "there is none"};
  v1::CleanupRequest cleanup;
  cleanup.set_sandbox_id("sb-2");
  CHECK(call(other, "Cleanup", cleanup.SerializeAsString()).code
        == errc::not_found);
  script->failure = {errc::none, {}};
  collect.set_remove(true);
  CHECK(call(other, "CollectOrphans", collect.SerializeAsString()).code
        == errc::none);
  const auto got
    = ok<v1::WatchEventsReply>(client, "WatchEvents", v1::WatchEventsRequest{});
  REQUIRE(got.events_size() == 3);
  const auto& first = got.events(0);
  CHECK(first.id() == "call-audited");
  CHECK(first.sandbox_id() == "sb-1");
  CHECK(first.caller().uid() == 1000);
  CHECK(first.caller().pid() == 47);
  CHECK(first.caller().method() == "Prepare");
  CHECK(first.caller().code() == 0);
  CHECK(first.caller().trace_id().empty());
  CHECK(first.sentence() == "Prepare by user 1000, process 47: OK");
  CHECK(got.events(1).caller().method() == "Cleanup");
  CHECK(got.events(1).caller().code() == static_cast<int>(errc::not_found));
  CHECK(got.events(2).caller().method() == "CollectOrphans");
}

TEST_CASE_FIXTURE(fixture, "the trace that a caller names is told, and nothing "
                           "else of what it sends there") {
  client.stream->deliver(traced_prepare(
    1, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  client.stream->deliver(traced_prepare(3, "00-forged\n event=x"));
  run();
  client.stream->take_sent();
  auto reader = connect();
  const auto got
    = ok<v1::WatchEventsReply>(reader, "WatchEvents", v1::WatchEventsRequest{});
  REQUIRE(got.events_size() == 2);
  CHECK(got.events(0).caller().trace_id()
        == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(got.events(1).caller().trace_id().empty());
}

TEST_SUITE_END();
