// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal_log.hpp"
#include "core/journal/journal_record.hpp"
#include "tests/support/journal_samples.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using test::prepare_of;
using test::share_of;

namespace {

recorded_rootfs rootfs_of(const std::string& container) {
  recorded_rootfs out;
  out.container_id = container;
  return out;
}

recorded_sandbox after(const std::vector<journal_record>& records) {
  recorded_sandbox out;
  for (const auto& record : records)
    out.apply(record);
  return out;
}

} // namespace

TEST_SUITE_BEGIN("core/journal/journal_record");

TEST_CASE("records come to what was done last") {
  const auto all = after(
    {prepare_of("sb"), recorded_progress{recorded_phase::made},
     recorded_watcher{true}, share_of("s1"), share_of("s2"), share_of("s3"),
     recorded_share_progress{"s1", recorded_phase::made},
     recorded_share_progress{"s2", recorded_phase::gone},
     recorded_share_progress{"s3", recorded_phase::leaving}, rootfs_of("c1"),
     rootfs_of("c2"), recorded_rootfs_progress{"c1", recorded_phase::made},
     recorded_rootfs_progress{"c2", recorded_phase::gone}});
  CHECK(all.phase == recorded_phase::made);
  CHECK(all.watcher_runs);
  REQUIRE(all.shares.size() == 2);
  CHECK(all.shares.at("s1").phase == recorded_phase::made);
  CHECK(all.shares.at("s1").what == share_of("s1"));
  CHECK(all.shares.at("s3").phase == recorded_phase::leaving);
  REQUIRE(all.rootfs.size() == 1);
  CHECK(all.rootfs.at("c1").phase == recorded_phase::made);
}

TEST_CASE("what is written anew comes to the same, in whatever phase") {
  for (const auto phase : {recorded_phase::intended, recorded_phase::made,
                           recorded_phase::leaving}) {
    const auto all
      = after({prepare_of("sb"), recorded_progress{phase}, share_of("s1"),
               share_of("s2"), recorded_share_progress{"s1", phase},
               rootfs_of("c1"), recorded_rootfs_progress{"c1", phase}});
    CHECK(after(all.records()) == all);
  }
  CHECK(recorded_sandbox{}.records().empty());
}

TEST_CASE("a record says whether it changed anything") {
  recorded_sandbox all;
  CHECK(!all.apply(share_of("s1")));
  CHECK(!all.apply(recorded_watcher{true}));
  CHECK(!all.apply(recorded_progress{recorded_phase::made}));
  CHECK(all == recorded_sandbox{});
  CHECK(all.apply(prepare_of("sb")));
  CHECK(all.apply(recorded_progress{recorded_phase::made}));
  CHECK(!all.apply(recorded_progress{recorded_phase::made}));
  CHECK(!all.apply(recorded_share_progress{"s1", recorded_phase::gone}));
  CHECK(all.apply(share_of("s1")));
  CHECK(all.apply(recorded_share_progress{"s1", recorded_phase::made}));
  CHECK(!all.apply(recorded_share_progress{"s1", recorded_phase::made}));
  CHECK(all.apply(recorded_share_progress{"s1", recorded_phase::gone}));
  CHECK(!all.apply(recorded_share_progress{"s1", recorded_phase::gone}));
}

TEST_CASE("another Prepare begins anew") {
  const auto all = after({prepare_of("sb"), share_of("s1"), prepare_of("sb2")});
  CHECK(all == after({prepare_of("sb2")}));
}

TEST_CASE("each part of a request for a root filesystem tells in its digest") {
  share_rootfs_request request;
  request.container_id = "c1";
  request.rootfs.target = "/a";
  const auto digest = rootfs_digest(request);
  CHECK(digest.size() == 16);
  CHECK(rootfs_digest(request) == digest);
  auto other = request;
  other.rootfs.options = {"x"};
  CHECK(rootfs_digest(other) != digest);
  other = request;
  other.rootfs.source = "x";
  CHECK(rootfs_digest(other) != digest);
  other = request;
  other.block.ccw_device = "x";
  CHECK(rootfs_digest(other) != digest);
  other = request;
  other.devices.emplace_back();
  CHECK(rootfs_digest(other) != digest);
  other = request;
  other.annotations["x"] = "";
  CHECK(rootfs_digest(other) != digest);
  // Neighbours do not run into each other.
  other = request;
  other.rootfs.target = "/ab";
  auto shifted = request;
  shifted.rootfs.type = "b";
  CHECK(rootfs_digest(other) != rootfs_digest(shifted));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("core/journal/journal_log");

TEST_CASE("a file begins whole, is appended to, and written anew when it has "
          "outgrown itself") {
  journal_log log;
  CHECK(log.take(prepare_of("sb")));
  CHECK(!log.is_whole());
  log.rewritten(1000);
  CHECK(!log.is_behind());
  CHECK(log.is_whole());
  CHECK(!log.take(recorded_watcher{false}));
  CHECK(log.take(recorded_watcher{true}));
  CHECK(log.is_behind());
  CHECK(!log.has_outgrown());
  log.appended(65536);
  CHECK(!log.is_behind());
  CHECK(!log.has_outgrown());
  log.appended(1);
  CHECK(log.has_outgrown());
  log.rewritten(1'000'000);
  log.appended(1'000'000);
  CHECK(!log.has_outgrown());
  log.appended(1);
  CHECK(log.has_outgrown());
}

TEST_CASE("after a failure the file is written anew, whatever comes next") {
  journal_log log;
  log.take(prepare_of("sb"));
  log.rewritten(100);
  log.take(recorded_watcher{true});
  log.failed();
  CHECK(log.is_behind());
  CHECK(!log.is_whole());
  // What changes nothing is still a reason to try again.
  CHECK(log.take(recorded_watcher{true}));
  log.rewritten(120);
  CHECK(!log.is_behind());
  CHECK(log.is_whole());
}

TEST_CASE("a file that was read is appended to only if it is whole") {
  const auto sandbox = after({prepare_of("sb")});
  CHECK(journal_log{sandbox, 100, true}.is_whole());
  CHECK(!journal_log{sandbox, 100, false}.is_whole());
  CHECK(!journal_log{sandbox, 100, false}.is_behind());
}

TEST_SUITE_END();
