// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_jobs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/copy/guest_job");

TEST_CASE("a push ends complete when everything was acknowledged") {
  auto job = push();
  CHECK_FALSE(job.begun());
  CHECK_FALSE(job.next(any));
  job.begin(newest());
  CHECK(job.begun());
  CHECK_FALSE(job.sent_anything());
  job.answered(run_to_flip(job), errc::none, {});
  CHECK(job.sent_anything());
  CHECK_FALSE(job.ended());
  for (const auto& request : take(job))
    job.answered(request, errc::none, {});
  REQUIRE(job.ended());
  const auto outcome = job.outcome();
  CHECK(outcome.complete);
  CHECK(outcome.flip == flip_state::acknowledged);
  CHECK(job.progress().bytes_done == 5);
}

TEST_CASE("a failed request ends the push once nothing is in flight, and "
          "nothing more is handed out") {
  auto job = push();
  job.begin(newest());
  // Generation, then key: fail at the first.
  const auto requests = take(job);
  REQUIRE_FALSE(requests.empty());
  job.answered(requests.front(), errc::resource_exhausted, "disk full");
  CHECK_FALSE(job.next(any));
  CHECK(job.ended() == (requests.size() == 1));
  for (std::size_t i = 1; i < requests.size(); ++i)
    job.answered(requests[i], errc::internal, "later");
  REQUIRE(job.ended());
  const auto outcome = job.outcome();
  CHECK_FALSE(outcome.complete);
  CHECK(outcome.flip == flip_state::not_sent);
  CHECK(outcome.err.code == errc::resource_exhausted);
  CHECK(outcome.err.message == "copy to guest path /g/v/..1: disk full");
}

TEST_CASE("what is known of a flip depends on its answer") {
  const std::pair<errc, flip_state> cases[]
    = {{errc::none, flip_state::acknowledged},
       {errc::permission_denied, flip_state::refused},
       {errc::internal, flip_state::unknown},
       {errc::unavailable, flip_state::unknown}};
  for (const auto& [code, expected] : cases) {
    auto job = push();
    job.begin(newest());
    const auto flip = run_to_flip(job);
    CHECK(job.outcome().flip == flip_state::unknown);
    job.answered(flip, code, "answer");
    CHECK(job.outcome().flip == expected);
  }
}

TEST_CASE("a flip without an answer is unknown, one that was never sent is "
          "not") {
  auto job = push();
  job.begin(newest());
  const auto flip = run_to_flip(job);
  SUBCASE("unanswered") {
    job.disconnected(gone, t0, 30s);
    CHECK(job.outcome().flip == flip_state::unknown);
    CHECK(job.outcome().cause == stop_cause::interrupted);
    CHECK(job.outcome().err.message == "copy to guest path /g/v/..data: gone");
  }
  SUBCASE("unsent") {
    job.unsent(flip, {errc::unavailable, "gone"});
    CHECK(job.outcome().flip == flip_state::not_sent);
  }
  CHECK(job.ended());
  CHECK_FALSE(job.outcome().complete);
}

TEST_CASE("stopping ends a push before its flip, and not after") {
  auto job = push();
  job.begin(newest());
  SUBCASE("before anything was sent") {
    job.stop();
    CHECK(job.ended());
    CHECK(job.outcome().err.code == errc::aborted);
    CHECK(job.outcome().cause == stop_cause::superseded);
    CHECK_FALSE(job.next(any));
  }
  SUBCASE("with requests in flight") {
    const auto requests = take(job);
    job.stop();
    CHECK_FALSE(job.ended());
    CHECK_FALSE(job.next(any));
    for (const auto& request : requests)
      job.answered(request, errc::none, {});
    CHECK(job.ended());
    CHECK(job.outcome().err.code == errc::aborted);
    CHECK(job.outcome().flip == flip_state::not_sent);
    CHECK(job.outcome().requests == requests.size());
  }
  SUBCASE("with the flip in flight") {
    const auto flip = run_to_flip(job);
    job.stop();
    job.answered(flip, errc::none, {});
    const auto links = take(job);
    REQUIRE(links.size() == 1);
    job.answered(links.front(), errc::none, {});
    CHECK(job.ended());
    CHECK(job.outcome().complete);
  }
}

TEST_CASE("a job that is stopped before it begins has ended") {
  auto job = push();
  CHECK_FALSE(job.ended());
  job.stop();
  CHECK(job.ended());
  CHECK(job.outcome().err.code == errc::aborted);
  CHECK(job.outcome().flip == flip_state::not_sent);
}

TEST_CASE("the end of the connection ends a job with requests that were never "
          "sent") {
  auto job = push();
  job.begin(newest());
  REQUIRE_FALSE(take(job).empty());
  job.disconnected(gone, t0, 30s);
  CHECK(job.ended());
  CHECK(job.outcome().err.code == errc::unavailable);
}

TEST_CASE("the first failure is the one that is told") {
  auto job = push();
  job.begin(newest());
  job.fail({errc::internal, "first"});
  job.fail({errc::aborted, "second"});
  job.stop();
  CHECK(job.outcome().err.message == "first");
}

TEST_CASE("every removal is tried and has a result of its own") {
  auto job = removals({"/g/v/a", "/g/v/b", "/g/v/c"});
  job.begin(newest());
  const auto requests = take(job);
  REQUIRE(requests.size() == 3);
  for (const auto& request : requests) {
    const auto& path = job.step_of(request).path;
    if (path == "/g/v/a")
      // How a guest agent says that it removed something.
      job.answered(request, errc::internal,
                   "ENOENT: No such file or directory");
    else if (path == "/g/v/b")
      job.answered(request, errc::permission_denied, "policy");
    else
      job.answered(request, errc::internal, "EBUSY: Device or resource busy");
  }
  REQUIRE(job.ended());
  const auto outcome = job.outcome();
  CHECK_FALSE(outcome.complete);
  CHECK(outcome.removals
        == std::vector<removal_result>{removal_result::removed,
                                       removal_result::denied,
                                       removal_result::failed});
  CHECK(outcome.err.message.find("/g/v/b") != std::string::npos);
}

TEST_CASE("removals that all happened are complete") {
  auto job = removals({"/g/v/a"});
  job.begin(newest());
  job.answered(take(job).at(0), errc::internal,
               "ENOENT: No such file or directory");
  REQUIRE(job.ended());
  CHECK(job.outcome().complete);
}

TEST_CASE("removals of which the connection took the answers may succeed "
          "later") {
  auto job = removals({"/g/v/a", "/g/v/b"});
  SUBCASE("sent") {
    job.begin(newest());
    CHECK(take(job).size() == 2);
    job.disconnected(gone, t0, 30s);
  }
  SUBCASE("never begun") {
    job.fail({errc::unavailable, "nobody listens"});
  }
  REQUIRE(job.ended());
  CHECK(job.outcome().removals
        == std::vector<removal_result>(2, removal_result::failed));
  CHECK(job.outcome().err.code == errc::unavailable);
}

TEST_CASE("a guest agent that cannot remove is not asked to") {
  auto job = removals({"/g/v/a", "/g/v/b"});
  job.begin(profile_of("3.3.0"));
  CHECK_FALSE(job.next(any));
  REQUIRE(job.ended());
  CHECK_FALSE(job.sent_anything());
  CHECK(job.outcome().removals
        == std::vector<removal_result>(2, removal_result::impossible));
  CHECK(job.outcome().err.message == "not removable by this guest agent");
}

TEST_CASE("a guest agent that cannot remove empties what is known to be "
          "there, each path with a result of its own") {
  removal_order order;
  for (const char* path : {"/g/v/..1", "/g/v/..2", "/g/v/..3", "/g/v/k"})
    order.steps.push_back(removal_step(path, 0, 0));
  order.contents.resize(4);
  order.contents[0].links = {"/g/v/key"};
  order.contents[0].files = {{"/g/v/..1/key", 5}};
  order.contents[1].files = {{"/g/v/..2/key", 5}};
  order.contents[2].files = {{"/g/v/..3/empty", 0}};
  guest_job job{guest_order{std::move(order)}};
  job.begin(profile_of("3.3.0"));
  const auto links = take(job);
  REQUIRE(links.size() == 1);
  job.answered(links[0], errc::internal, "ENOENT: No such file or directory");
  const auto files = take(job);
  REQUIRE(files.size() == 2);
  job.answered(files[0], errc::none, {});
  job.answered(files[1], errc::internal, "no room");
  REQUIRE(job.ended());
  const auto outcome = job.outcome();
  CHECK_FALSE(outcome.complete);
  CHECK(outcome.removals
        == std::vector<removal_result>{
          removal_result::emptied, removal_result::failed,
          removal_result::emptied, removal_result::impossible});
  CHECK(outcome.err.message.find("..2/key: no room") != std::string::npos);
}

TEST_CASE("a guest agent without directories is told nothing of a tree") {
  auto job = push();
  job.begin(profile_of("3.2.0"));
  CHECK_FALSE(job.next(any));
  REQUIRE(job.ended());
  CHECK(job.outcome().err.code == errc::failed_precondition);
}

TEST_CASE("entries that did not arrive are told: those of the snapshot and "
          "those that were noted") {
  auto tree = std::make_shared<tree_snapshot>();
  tree_entry root;
  tree->entries.push_back(root);
  tree->skipped.push_back({"fifo", "is a FIFO"});
  guest_job job{tree_order{tree, "/g/t"}};
  job.begin(newest());
  for (const auto& request : take(job))
    job.answered(request, errc::none, {});
  job.note({"log", "became shorter"});
  REQUIRE(job.ended());
  CHECK(job.outcome().complete);
  CHECK(job.outcome().skipped
        == skipped_list{{"fifo", "is a FIFO"}, {"log", "became shorter"}});
}

TEST_CASE("a flip on its own is an order too") {
  guest_job job{guest_order{steps_order{{flip_step("/g/v", "..1", 0, 0)}}}};
  job.begin(newest());
  const auto requests = take(job);
  REQUIRE(requests.size() == 1);
  job.stop();
  CHECK_FALSE(job.ended());
  job.answered(requests.front(), errc::none, {});
  CHECK(job.ended());
  CHECK(job.outcome().complete);
  CHECK(job.outcome().flip == flip_state::acknowledged);
}

TEST_SUITE_END();
