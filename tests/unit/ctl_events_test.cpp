// SPDX-License-Identifier: Apache-2.0
#include "ctl/event_list.hpp"
#include "ctl/program.hpp"
#include "ctl/top_command.hpp"
#include "proto/fsshare.pb.h"
#include "tests/unit/ctl_run.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

TEST_SUITE_BEGIN("ctl/events");

namespace {

constexpr std::int64_t second = 1'000'000'000;

v1::Event event(std::uint64_t number, const std::string& id,
                const std::string& sandbox, const std::string& share) {
  v1::Event out;
  out.set_number(number);
  out.set_time_ns(1'767'225'600 * second + 250'000'000);
  out.set_id(id);
  out.set_sandbox_id(sandbox);
  out.set_share_id(share);
  out.set_volume("/v");
  out.set_sentence("it is " + id);
  return out;
}

/// A node agent with three events, one a page; what comes later fails.
struct pages {
  std::vector<v1::WatchEventsRequest> asked;

  ctl::call_outcome operator()(const std::string& method,
                               const std::string& payload) {
    CHECK(method == "WatchEvents");
    v1::WatchEventsRequest request;
    REQUIRE(request.ParseFromString(payload));
    asked.push_back(request);
    const auto at = asked.size();
    if (at > 3)
      return {error{errc::unavailable, "gone"}, ctl::call_end::unreachable};
    v1::WatchEventsReply reply;
    *reply.add_events() = event(at, "push-begun", "sb", "c1-1");
    reply.set_events_next("a-" + std::to_string(at));
    reply.set_more(at < 3);
    reply.set_lost(at == 1 ? 7 : 0);
    return {reply.SerializeAsString()};
  }
  ctl::caller caller() {
    return [this](const std::string&, const std::string& method,
                  const std::string& payload, auto) {
      return (*this)(method, payload);
    };
  }
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1))
    ++n;
  return n;
}

bool has(const std::string& text, const std::string& part) {
  return count_of(text, part) > 0;
}

} // namespace

TEST_CASE("a moment is shown in UTC with milliseconds") {
  CHECK(ctl::time_text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(ctl::time_text(1'767'225'600 * second + 250'999'999)
        == "2026-01-01T00:00:00.250Z");
  CHECK(ctl::time_text(951'827'696 * second) == "2000-02-29T12:34:56.000Z");
}

TEST_CASE("all events that are kept are listed, a line each") {
  pages node;
  const auto got
    = run({"events", "--sandbox", "sb", "--volume", "/v"}, node.caller());
  CHECK(got.code == 0);
  REQUIRE(node.asked.size() == 3);
  CHECK(node.asked[0].sandbox_id() == "sb");
  CHECK(node.asked[0].volume() == "/v");
  CHECK(node.asked[0].wait_ns() == 0);
  CHECK(node.asked[0].events_after().empty());
  CHECK(node.asked[2].events_after() == "a-2");
  CHECK(got.out.starts_with("-- 7 earlier events are not kept any more --\n"
                            "2026-01-01T00:00:00.250Z  push-begun  "
                            "sb c1-1 /v: it is push-begun\n"));
  CHECK(count_of(got.out, "push-begun  ") == 3);
}

TEST_CASE("events as JSON are one reply") {
  pages node;
  const auto got = run({"events", "-o", "json"}, node.caller());
  CHECK(got.code == 0);
  const auto json = nlohmann::json::parse(got.out);
  REQUIRE(json.at("events").size() == 3);
  CHECK(json.at("events").at(2).at("number") == "3");
  CHECK(json.at("lost") == "7");
  CHECK(json.at("events_next") == "a-3");
}

TEST_CASE("whoever follows waits for the next events until a call fails") {
  pages node;
  const auto got
    = run({"--timeout", "10s", "events", "-f", "-o", "json"}, node.caller());
  CHECK(got.code == 69);
  CHECK(got.err == "fssharectl: UNAVAILABLE: gone\n");
  REQUIRE(node.asked.size() == 4);
  CHECK(node.asked[3].events_after() == "a-3");
  for (const auto& each : node.asked)
    CHECK(each.wait_ns() == 5 * second);
  std::istringstream lines{got.out};
  int n = 0;
  for (std::string line; std::getline(lines, line); ++n)
    CHECK(nlohmann::json::parse(line).at("id") == "push-begun");
  CHECK(n == 3);
}

TEST_CASE("events that were missed and restarts are told, and nothing of a "
          "guest reaches the terminal as it is") {
  v1::WatchEventsReply page;
  page.set_lost(2);
  page.set_restarted(true);
  CHECK(ctl::missing_line(page, false)
        == "-- the node agent was started again --\n"
           "-- 2 events were missed: they are not kept any more --\n");
  auto bad = event(1, "push-failed", "sb", "");
  bad.set_sentence("no\x1b[31m");
  CHECK(has(ctl::event_line(bad), "no?[31m"));
}

TEST_CASE("a node agent that does not come forward is asked no further") {
  int calls = 0;
  const auto got = run({"events"}, [&calls](auto&&...) {
    ++calls;
    v1::WatchEventsReply reply;
    reply.set_events_next("a-1");
    reply.set_more(true);
    return ctl::call_outcome{reply.SerializeAsString()};
  });
  CHECK(got.code == 0);
  CHECK(calls == 2);
}

namespace {

/// A node agent with one volume of two copies, and another volume.
ctl::call_outcome explained(const std::string& method,
                            const std::string& payload) {
  if (method == "ListVolumes") {
    v1::ListVolumesReply reply;
    auto* volume = reply.add_volumes();
    volume->set_path("/v");
    volume->set_host_generation("..2");
    volume->set_watched(true);
    auto* stale = volume->add_destinations();
    stale->set_sandbox_id("sb");
    stale->set_container_id("c1");
    stale->set_share_id("c1-1");
    stale->set_guest_generation("..1");
    stale->set_stale_ns(90 * second);
    stale->set_failures(3);
    stale->set_reason("PERMISSION_DENIED");
    stale->set_will_try(true);
    stale->set_next_try_ns(4 * second);
    auto* good = volume->add_destinations();
    good->set_sandbox_id("other");
    good->set_share_id("c9-1");
    good->set_current(true);
    reply.add_volumes()->set_path("/w");
    return {reply.SerializeAsString()};
  }
  CHECK(method == "WatchEvents");
  v1::WatchEventsRequest request;
  REQUIRE(request.ParseFromString(payload));
  CHECK(request.volume().empty());
  v1::WatchEventsReply reply;
  *reply.add_events() = event(1, "volume-hinted", "", "");
  *reply.add_events() = event(2, "push-failed", "sb", "c1-1");
  *reply.add_events() = event(3, "generation-live", "other", "c9-1");
  auto lost = event(4, "guest-lost", "sb", "");
  lost.clear_volume();
  *reply.add_events() = lost;
  lost.set_id("call-audited");
  *reply.add_events() = lost;
  auto elsewhere = event(5, "read-failed", "", "");
  elsewhere.set_volume("/w");
  *reply.add_events() = elsewhere;
  reply.set_events_next("a-5");
  return {reply.SerializeAsString()};
}

printed explain(std::vector<std::string> args) {
  args.insert(args.begin(), {"volume", "explain"});
  return run(std::move(args), [](const std::string&, const std::string& method,
                                 const std::string& payload, auto) {
    return explained(method, payload);
  });
}

} // namespace

TEST_CASE("a copy is explained by how it is and by its own events") {
  const auto got = explain({"c1-1"});
  CHECK(got.code == 0);
  for (const char* part :
       {"volume:          /v\n", "host generation: ..2\n",
        "watched:         yes\n", "sandbox:          sb\n",
        "state:            stale\n", "guest generation: ..1\n",
        "stale for:        1.5m\n", "failures:         3\n",
        "reason:           PERMISSION_DENIED; next try in 4s\n",
        "volume-hinted  it is volume-hinted\n",
        "push-failed    it is push-failed\n",
        "guest-lost     it is guest-lost\n"})
    CHECK_MESSAGE(has(got.out, part), part, " in ", got.out);
  for (const char* part : {"generation-live", "call-audited", "read-failed"})
    CHECK_FALSE_MESSAGE(has(got.out, part), got.out);
  CHECK_FALSE(has(got.out, "other"));
}

TEST_CASE("a volume is explained with all its copies") {
  for (const char* path : {"/v", "//v/"}) {
    const auto got = explain({path});
    CHECK(got.code == 0);
    CHECK(has(got.out, "sandbox:          sb\n"));
    CHECK(has(got.out, "sandbox:          other\n"));
    CHECK(count_of(got.out, "volume-hinted  ") == 2);
    CHECK(count_of(got.out, "generation-live  ") == 1);
    CHECK_FALSE(has(got.out, "/w"));
  }
}

TEST_CASE("an explanation as JSON has the state and the life") {
  const auto got = explain({"/v", "-o", "json"});
  const auto json = nlohmann::json::parse(got.out);
  const auto& volume = json.at("state").at("volumes").at(0);
  CHECK(volume.at("destinations").at(0).at("next_try_ns")
        == std::to_string(4 * second));
  CHECK(json.at("life").at("events").size() == 4);
}

TEST_CASE("what nobody follows cannot be explained") {
  const auto got = explain({"/nowhere", "--sandbox", "sb"});
  CHECK(got.code == 1);
  CHECK(got.out.empty());
  CHECK(got.err
        == "fssharectl: NOT_FOUND: no volume or share '/nowhere' is followed "
           "for sandbox 'sb'\n");
  CHECK(run({"volume", "explain"}, {}).code == 64);
}

namespace {

ctl::node_look some_look() {
  ctl::node_look out;
  for (const char* id : {"calm", "late"})
    out.sandboxes.add_sandboxes()->set_sandbox_id(id);
  auto* volume = out.volumes.add_volumes();
  volume->set_path("/v");
  auto* calm = volume->add_destinations();
  calm->set_sandbox_id("calm");
  calm->set_current(true);
  calm->set_lag_ns(2'000'000);
  auto* late = volume->add_destinations();
  late->set_sandbox_id("late");
  late->set_guest_generation("..1");
  late->set_stale_ns(90 * second);
  late->set_reason("refused");
  return out;
}

/// Answers with some_look().
ctl::call_outcome looked(const std::string& method) {
  const auto seen = some_look();
  return {method == "ListSandboxes" ? seen.sandboxes.SerializeAsString()
                                    : seen.volumes.SerializeAsString()};
}

} // namespace

TEST_CASE("top begins with what is stale") {
  const auto text = ctl::top_text(some_look(), std::nullopt);
  CHECK(text.starts_with("sandboxes: 2, copies of volumes: 2, of them current: "
                         "1, not: 1, for 1.5m\n\nSANDBOX"));
  CHECK(text.find("late") < text.find("calm"));
  const auto copies = text.find("VOLUME");
  REQUIRE(copies != std::string::npos);
  CHECK(text.find("late", copies) < text.find("calm", copies));
  CHECK(has(text, "refused"));
}

TEST_CASE("top fits the terminal") {
  auto seen = some_look();
  for (int n = 0; n < 100; ++n) {
    seen.sandboxes.add_sandboxes()->set_sandbox_id(std::to_string(n));
    *seen.volumes.mutable_volumes(0)->add_destinations()
      = seen.volumes.volumes(0).destinations(0);
  }
  for (const std::size_t rows : {1, 5, 10, 24, 60}) {
    const auto text = ctl::top_text(seen, ctl::terminal_size{rows, 30});
    CHECK(count_of(text, "\n") < std::max<std::size_t>(rows, 11));
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);)
      CHECK(line.size() <= 30);
    CHECK(has(text, "late"));
  }
}

TEST_CASE("top shows all once where it prints to no terminal") {
  int calls = 0;
  const auto call
    = [&calls](const std::string&, const std::string& method, auto&&...) {
        ++calls;
        return looked(method);
      };
  const auto got = run({"top"}, call);
  CHECK(got.code == 0);
  CHECK(calls == 2);
  CHECK(got.out == ctl::top_text(some_look(), std::nullopt));
  const auto json = nlohmann::json::parse(run({"top", "-o", "json"}, call).out);
  CHECK(json.at("sandboxes").at("sandboxes").size() == 2);
  CHECK(json.at("volumes").at("volumes").size() == 1);
}

TEST_CASE("top shows it anew on a terminal, each second at most") {
  int looks = 0;
  std::ostringstream out;
  std::ostringstream err;
  ctl::surroundings with{
    [](const std::string&, const std::string& method, auto&&...) {
      return looked(method);
    },
    {},
    {},
    "v",
    0};
  with.terminal = [] {
    return std::optional{ctl::terminal_size{24, 80}};
  };
  with.pause = [&looks](std::chrono::nanoseconds time) {
    CHECK(time >= std::chrono::seconds{1});
    return ++looks < 3;
  };
  CHECK(ctl::run({"top"}, "v", with, out, err) == 0);
  CHECK(looks == 3);
  CHECK(count_of(out.str(), "\x1b[H\x1b[2Jsandboxes: 2") == 3);
}

TEST_SUITE_END();
