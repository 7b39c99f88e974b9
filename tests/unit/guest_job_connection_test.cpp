// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_jobs.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/copy/guest_job");

TEST_CASE("a first copy outlives its connection, and the next one gets the "
          "rest of it") {
  for (const bool is_volume : {false, true}) {
    auto job = is_volume ? push(true) : tree({"a", "b"});
    job.begin(newest());
    const auto root = take(job);
    REQUIRE(root.size() == 1);
    job.answered(root.front(), errc::none, {});
    REQUIRE_FALSE(take(job).empty());

    job.disconnected(gone, t0, 30s);
    CHECK_FALSE(job.ended());
    CHECK_FALSE(job.begun());
    CHECK_FALSE(job.next(any));
    CHECK(job.progress().entries_done == 1);

    job.begin(newest());
    CHECK(job.begun());
    while (!job.ended()) {
      const auto requests = take(job);
      REQUIRE_FALSE(requests.empty());
      for (const auto& request : requests) {
        CHECK(job.step_of(request).path != (is_volume ? "/g/v" : "/g/t"));
        job.answered(request, errc::none, {});
      }
    }
    CHECK(job.outcome().complete);
    CHECK(job.progress().entries_done == job.progress().entries_total);
    CHECK((job.outcome().flip == flip_state::acknowledged) == is_volume);
  }
}

TEST_CASE("a first copy begins anew where the guest has lost it") {
  auto job = tree({"a", "b"});
  job.begin(newest());
  const auto root = take(job);
  REQUIRE(root.size() == 1);
  job.answered(root.front(), errc::none, {});
  job.restart();
  CHECK(job.begun());
  job.disconnected(gone, t0, 30s);
  REQUIRE_FALSE(job.ended());
  job.restart();
  CHECK(job.progress().entries_done == 0);
  job.begin(newest());
  const auto again = take(job);
  REQUIRE(again.size() == 1);
  CHECK(job.step_of(again.front()).path == "/g/t");
}

TEST_CASE("the flip of a first copy that had no answer is sent again") {
  auto job = push(true);
  job.begin(newest());
  run_to_flip(job);
  job.disconnected(gone, t0, 30s);
  job.stop();
  CHECK_FALSE(job.ended());
  job.begin(newest());
  const auto flip = run_to_flip(job);
  job.answered(flip, errc::none, {});
  CHECK(job.outcome().flip == flip_state::acknowledged);
}

TEST_CASE("a first copy that is stopped between two connections has ended") {
  auto job = tree({"a"});
  job.begin(newest());
  take(job);
  job.disconnected(gone, t0, 30s);
  job.stop();
  CHECK(job.ended());
  CHECK(job.outcome().cause == stop_cause::superseded);
}

TEST_CASE("connections that end without any progress are borne for so long") {
  auto job = tree({"a"});
  job.begin(newest());
  take(job);
  job.disconnected(gone, t0, 30s);
  job.begin(newest());
  take(job);
  job.disconnected(gone, t0 + 29s, 30s);
  REQUIRE_FALSE(job.ended());
  job.begin(newest());
  const auto requests = take(job);
  SUBCASE("and then no longer") {
    job.disconnected(gone, t0 + 30s, 30s);
    CHECK(job.ended());
    CHECK(job.outcome().cause == stop_cause::interrupted);
    CHECK(job.outcome().err.message == "copy to guest path /g/t: gone");
  }
  SUBCASE("while each step that is finished begins the time anew") {
    job.answered(requests.front(), errc::none, {});
    take(job);
    job.disconnected(gone, t0 + 40s, 30s);
    CHECK_FALSE(job.ended());
    job.begin(newest());
    take(job);
    job.disconnected(gone, t0 + 70s, 30s);
    CHECK(job.ended());
  }
}

TEST_CASE("a first copy does not go on with a guest agent of another kind") {
  auto job = tree({"a"});
  job.begin(newest());
  take(job);
  job.disconnected(gone, t0, 30s);
  job.begin(profile_of("3.16.0"));
  CHECK(job.ended());
  CHECK(job.outcome().err.code == errc::unavailable);
}

TEST_CASE("a guest agent's own error fails a first copy") {
  for (const auto code : {errc::internal, errc::permission_denied,
                          errc::unavailable, errc::aborted}) {
    auto job = tree({"a"});
    job.begin(newest());
    job.answered(take(job).front(), code, "no");
    CHECK(job.ended());
    CHECK(job.outcome().err.code == code);
    CHECK(job.outcome().cause == stop_cause::failed);
  }
}

TEST_CASE("a link that may have been made is there if an old guest agent says "
          "so, and no other error counts") {
  for (const bool is_there : {true, false}) {
    tree_snapshot link;
    link.entries.emplace_back();
    link.entries.front().type = entry_type::symlink;
    link.entries.front().target = "nowhere";
    guest_job job{
      tree_order{std::make_shared<const tree_snapshot>(link), "/g/l"}};
    job.begin(profile_of("3.16.0"));
    REQUIRE(take(job).size() == 1);
    job.disconnected(gone, t0, 30s);
    job.begin(profile_of("3.16.0"));
    job.answered(take(job).at(0), errc::internal,
                 is_there ? "EEXIST: File exists" : "EROFS: Read-only");
    CHECK(job.ended());
    CHECK(job.outcome().complete == is_there);
  }
  auto job = tree({"a"});
  job.begin(profile_of("3.16.0"));
  job.answered(take(job).at(0), errc::internal, "EEXIST: File exists");
  CHECK_FALSE(job.outcome().complete);
}

TEST_CASE(
  "a first copy with a chunk in doubt ends, to begin anew under another "
  "name") {
  const auto large = [](std::string path) {
    tree_entry file;
    file.path = std::move(path);
    file.type = entry_type::file;
    file.size = 3 * default_chunk_bytes;
    return file;
  };
  tree_snapshot s;
  s.entries = {large("")};
  guest_job job{tree_order{std::make_shared<const tree_snapshot>(s), "/g/f"}};
  // The oldest has temporaries that have to be completed to be rid of them.
  job.begin(profile_of("3.16.0"));
  const auto first = take(job);
  REQUIRE(first.size() == 1);
  SUBCASE("the first chunk") {
    job.disconnected(gone, t0, 30s);
    REQUIRE(job.ended());
    CHECK(job.outcome().cause == stop_cause::doubtful);
  }
  SUBCASE("the last one") {
    job.answered(first[0], errc::none, {});
    job.answered(take(job).at(0), errc::none, {});
    REQUIRE(take(job).size() == 1);
    job.disconnected(gone, t0, 30s);
    REQUIRE(job.ended());
    CHECK(job.outcome().cause == stop_cause::doubtful);
  }
  SUBCASE("none: the file is sent again as it was") {
    job.answered(first[0], errc::none, {});
    job.disconnected(gone, t0, 30s);
    CHECK_FALSE(job.ended());
  }
  SUBCASE("what completes its temporary, to be rid of it") {
    job.answered(first[0], errc::none, {});
    job.disconnected(gone, t0, 30s);
    job.begin(profile_of("3.16.0"));
    const auto again = take(job);
    REQUIRE(again.size() == 1);
    REQUIRE(job.step_of(again[0]).is_spending);
    job.disconnected(gone, t0, 30s);
    REQUIRE(job.ended());
    CHECK(job.outcome().cause == stop_cause::doubtful);
  }
  SUBCASE("without patience it fails as ever") {
    job.disconnected(gone, t0, 0s);
    CHECK(job.outcome().cause == stop_cause::interrupted);
  }
}

TEST_CASE("a volume moves to another generation's name, and to another root "
          "where what is beside its generations is in doubt") {
  for (const bool is_beside : {false, true}) {
    auto snapshot = std::make_shared<volume_snapshot>(*volume());
    tree_entry file;
    file.path = "large";
    file.type = entry_type::file;
    file.size = 2 * default_chunk_bytes;
    (is_beside ? snapshot->others : snapshot->tree).entries.push_back(file);
    push_options options;
    options.guest_root = "/g/v";
    options.attempt_name = "..1";
    options.send_root = true;
    options.send_others = true;
    guest_job job{guest_order{push_order{snapshot, options}}};
    job.begin(newest());
    bool is_out = false;
    while (!is_out) {
      const auto requests = take(job);
      REQUIRE_FALSE(requests.empty());
      for (const auto& request : requests) {
        is_out |= job.step_of(request).path.ends_with("/large");
        if (!job.step_of(request).path.ends_with("/large"))
          job.answered(request, errc::none, {});
      }
    }
    job.disconnected(gone, t0, 30s);
    REQUIRE(job.ended());
    CHECK(job.outcome().cause
          == (is_beside ? stop_cause::root_in_doubt : stop_cause::doubtful));
  }
}

TEST_CASE("a request that was handed out and not sent leaves the guest as "
          "before") {
  auto job = tree({"a"});
  job.begin(newest());
  const auto first = take(job);
  REQUIRE(first.size() == 1);
  job.unsent(first[0], gone);
  REQUIRE(job.ended());
  CHECK_FALSE(job.outcome().sent);
  CHECK(job.outcome().requests == 0);
}

TEST_SUITE_END();
