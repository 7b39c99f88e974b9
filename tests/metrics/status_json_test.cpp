// SPDX-License-Identifier: Apache-2.0
#include "json/status_json.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("json/status_json");

TEST_CASE("a volume is shown with what the host has, and what each copy has") {
  volume_status volume;
  volume.path = "/pods/1/\xFF";
  volume.host_generation = "..2";
  volume.watched = true;
  destination_status copy;
  copy.sandbox_id = "sb";
  copy.guest_generation = "..1";
  copy.container_id = "1234";
  copy.container_name = "web";
  copy.labels = std::make_shared<const label_map>(
    label_map{{"pod", "shop-0"}, {"namespace", "shops"}});
  copy.stale_for = 1500ms;
  copy.last_lag = 20ms;
  copy.reason = "the guest is full";
  copy.failures = 3;
  copy.next_try = 2s;
  copy.skipped = {{"socket", "it is a socket"}};
  volume.destinations = {copy};
  const auto got = nlohmann::json::parse(render_volumes({volume}, "1 abc"));
  CHECK(got.at("next") == "1 abc");
  const auto& shown = got.at("volumes").at(0);
  CHECK(shown.at("path") == "/pods/1/\xEF\xBF\xBD");
  CHECK(shown.at("generation") == "..2");
  CHECK(shown.at("watched") == true);
  const auto& one = shown.at("copies").at(0);
  CHECK(one.at("sandbox") == "sb");
  CHECK(one.at("pod") == "shops/shop-0");
  CHECK(one.at("container") == "web");
  CHECK(one.at("generation") == "..1");
  CHECK(one.at("current") == false);
  CHECK(one.at("stale_seconds") == doctest::Approx(1.5));
  CHECK(one.at("lag_seconds") == doctest::Approx(0.02));
  CHECK(one.at("reason") == "the guest is full");
  CHECK(one.at("failures") == 3);
  CHECK(one.at("next_try_seconds") == doctest::Approx(2));
  CHECK(one.at("skipped").at(0).at("path") == "socket");
  CHECK(one.at("skipped_more") == 0);
}

TEST_CASE("skipped entries are listed up to a bound, and counted behind it") {
  volume_status volume;
  destination_status copy;
  for (int i = 0; i < 50; ++i)
    copy.skipped.push_back({std::to_string(i), "why"});
  copy.skipped.add_more(7);
  volume.destinations = {copy};
  const auto got = nlohmann::json::parse(render_volumes({volume}, ""));
  const auto& one = got.at("volumes").at(0).at("copies").at(0);
  CHECK(one.at("skipped").size() == 20);
  CHECK(one.at("skipped_more") == 37);
  CHECK_FALSE(one.contains("next_try_seconds"));
}

TEST_CASE("sandboxes are shown up to a bound, with where to go on") {
  list_sandboxes_reply reply;
  for (const char* id : {"a", "b", "c"}) {
    sandbox_status one;
    one.sandbox_id = id;
    one.mode = sharing_mode::copy;
    reply.sandboxes.push_back(one);
  }
  reply.sandboxes.at(0).owner
    = owner_status{owner_status::state::gone, 7, 90s, -1ns, "why"};
  auto got = nlohmann::json::parse(render_sandboxes(reply, 2));
  CHECK(got.at("sandboxes").size() == 2);
  CHECK(got.at("more") == 1);
  CHECK(got.at("next") == "b");
  const auto& owner = got.at("sandboxes").at(0).at("owner");
  CHECK(owner.at("is") == "gone");
  CHECK(owner.at("pid") == 7);
  CHECK(owner.at("gone_seconds") == doctest::Approx(90));
  CHECK_FALSE(got.at("sandboxes").at(1).contains("owner"));
  got = nlohmann::json::parse(render_sandboxes(reply, 3));
  CHECK(got.at("more") == 0);
  CHECK(got.at("next") == "");
}
TEST_CASE("events are shown with their sentences, whatever a guest has said") {
  kept_event one{7,
                 event_ring::wall_time{1500ms},
                 {event_id::push_failed, "sb", "c1", "c1-1", "/v", "..1"}};
  one.what.detail = "no\xff";
  const auto got = nlohmann::json::parse(render_events({one}));
  REQUIRE(got.at("events").size() == 1);
  const auto& shown = got.at("events").at(0);
  CHECK(shown.at("number") == 7);
  CHECK(shown.at("at_seconds") == doctest::Approx(1.5));
  CHECK(shown.at("event") == "push-failed");
  CHECK(shown.at("sandbox") == "sb");
  CHECK(shown.at("share") == "c1-1");
  CHECK(shown.at("volume") == "/v");
  CHECK(shown.at("trouble") == true);
  CHECK(shown.at("sentence") == "push failed: no\ufffd");
}
