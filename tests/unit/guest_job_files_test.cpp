// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_jobs.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

struct sized_file {
  const char* path;
  std::uint64_t size;
};

tree_snapshot snapshot(const std::vector<sized_file>& files) {
  tree_snapshot s;
  s.entries.emplace_back();
  for (const auto& file : files) {
    s.entries.emplace_back();
    s.entries.back().path = file.path;
    s.entries.back().type = entry_type::file;
    s.entries.back().size = file.size;
  }
  return s;
}

// A job of a tree of which the directory is made.
guest_job begun(tree_snapshot tree, const char* version = "4.1.0") {
  guest_job job{
    tree_order{std::make_shared<const tree_snapshot>(std::move(tree)), "/g/t"}};
  job.begin(profile_of(version));
  job.answered(job.next(any).value(), errc::none, {});
  return job;
}

void answer_all(guest_job& job) {
  for (;;) {
    const auto requests = take(job);
    if (requests.empty())
      return;
    for (const auto& request : requests)
      job.answered(request, errc::none, {});
  }
}

std::string reason_of(const guest_job& job, const std::string& path) {
  for (const auto& entry : job.outcome().skipped)
    if (entry.path == path)
      return entry.reason;
  return {};
}

const error vanished{errc::not_found, "open f: No such file or directory"};
const error busy{errc::unavailable, "open f: somebody holds a lease on it"};

} // namespace

TEST_SUITE_BEGIN("core/copy/guest_job: files");

TEST_CASE("a file that cannot be read is left out, and those that wait for it "
          "go on") {
  // One temporary name: the second waits for the first.
  auto job = begun(snapshot({{"f.a", 5}, {"f.b", 5}}));
  const auto first = job.next(any).value();
  CHECK_FALSE(job.next(any));
  job.unreadable(first, vanished);
  const auto second = job.next(any).value();
  CHECK(job.step_of(second).source == "f.b");
  job.answered(second, errc::none, {});
  REQUIRE(job.ended());
  CHECK(job.outcome().complete);
  CHECK(reason_of(job, "f.a")
        == "is left out: open f: No such file or directory");
  CHECK(job.progress().bytes_done == job.progress().bytes_total);
  CHECK(job.progress().entries_done == job.progress().entries_total);
}

TEST_CASE("a tree that is the file which cannot be read fails") {
  tree_snapshot file;
  file.entries.emplace_back();
  file.entries.back().type = entry_type::file;
  file.entries.back().size = 5;
  guest_job job{
    tree_order{std::make_shared<const tree_snapshot>(std::move(file)), "/g/t"}};
  job.begin(newest());
  job.unreadable(job.next(any).value(), vanished);
  REQUIRE(job.ended());
  CHECK_FALSE(job.outcome().complete);
  CHECK(job.outcome().err.code == errc::not_found);
}

TEST_CASE("of a file that is given up when a part of it was sent, what has "
          "arrived is taken away before anything else bears its name") {
  for (const bool removes : {true, false}) {
    CAPTURE(removes);
    auto job = begun(snapshot({{"f.a", 4 * mib}, {"f.b", 1}}),
                     removes ? "4.1.0" : "3.10.0");
    job.answered(job.next(any).value(), errc::none, {});
    auto middle = take(job);
    REQUIRE(middle.size() == 2);
    job.unreadable(middle[1], {errc::aborted, "f.a became shorter"});
    CHECK_FALSE(job.next(any));
    job.answered(middle[0], errc::none, {});
    const auto first = job.next(any).value();
    CHECK_FALSE(job.next(any));
    const auto& step = job.step_of(first);
    if (removes) {
      CHECK(step.type == entry_type::symlink);
      CHECK(step.path == "/g/t/f.tmp");
      CHECK(step.target.empty());
      job.answered(first, errc::internal, "ENOENT: No such file or directory");
    } else {
      // Makes the temporary the file, which is emptied then.
      CHECK(step.path == "/g/t/f.a");
      CHECK(step.offset == 4 * mib);
      CHECK(step.announced_size == 4 * mib + 1);
      job.answered(first, errc::none, {});
      const auto second = job.next(any).value();
      CHECK_FALSE(job.next(any));
      CHECK(job.step_of(second).path == "/g/t/f.a");
      CHECK(job.step_of(second).announced_size == 0);
      CHECK(job.step_of(second).content);
      job.answered(second, errc::none, {});
    }
    const auto other = job.next(any).value();
    CHECK(job.step_of(other).source == "f.b");
    job.answered(other, errc::none, {});
    REQUIRE(job.ended());
    CHECK(job.outcome().complete);
    CHECK(reason_of(job, "f.a") == "is left out: f.a became shorter");
    CHECK(job.progress().bytes_done == job.progress().bytes_total);
  }
}

TEST_CASE("what could not be taken away is said") {
  auto job = begun(snapshot({{"f.a", 4 * mib}}));
  job.answered(job.next(any).value(), errc::none, {});
  auto middle = take(job);
  job.answered(middle[0], errc::none, {});
  job.unreadable(middle[1], {errc::aborted, "f.a became shorter"});
  job.answered(job.next(any).value(), errc::permission_denied, "no");
  REQUIRE(job.ended());
  CHECK(job.outcome().skipped.contains(
    {"f.a", "a part of it stays in the guest as f.tmp: no"}));
}

TEST_CASE("a file of another size is asked for anew, and announced as what it "
          "is") {
  auto job = begun(snapshot({{"f", 5}}));
  job.reshaped(job.next(any).value(), file_shape{3 * mib});
  auto first = job.next(any).value();
  CHECK(first.offset == 0);
  CHECK(first.length == mib);
  CHECK(job.step_of(first).announced_size == 3 * mib);
  CHECK(job.bytes_of(first) == 3 * mib);
  job.reshaped(first, file_shape{0});
  first = job.next(any).value();
  CHECK(first.length == 0);
  CHECK(job.step_of(first).announced_size == 0);
  job.answered(first, errc::none, {});
  REQUIRE(job.ended());
  CHECK(job.outcome().complete);
  CHECK(job.outcome().skipped.empty());
  CHECK(job.progress().bytes_total == 0);
}

TEST_CASE("a file that is never twice of one size is left out") {
  auto job = begun(snapshot({{"f", 5}}));
  for (std::uint64_t n = 1; n <= 3; ++n)
    job.reshaped(job.next(any).value(), file_shape{n});
  job.reshaped(job.next(any).value(), file_shape{9});
  REQUIRE(job.ended());
  CHECK(job.outcome().complete);
  CHECK(reason_of(job, "f") == "is left out: it changes while it is read");
}

TEST_CASE("files that turn out to be larger than the tree's limit end the copy "
          "with the numbers") {
  auto tree = snapshot({{"f", 5}, {"g", 5}});
  tree.most_bytes = 20;
  auto job = begun(std::move(tree));
  const auto first = job.next(any).value();
  const auto second = job.next(any).value();
  job.reshaped(first, file_shape{15});
  CHECK_FALSE(job.ended());
  job.reshaped(second, file_shape{6});
  REQUIRE(job.ended());
  CHECK(job.outcome().err
        == error{errc::resource_exhausted,
                 "its files have at least 21 bytes, more than the limit of "
                 "20"
                   + std::string{sum_limit_key}});
}

TEST_CASE(
  "of a file with holes only its parts are sent, the first and the last "
  "one alone") {
  auto tree = snapshot({{"f", 100 * mib}});
  tree.entries[1].hole_bytes = 99 * mib;
  auto job = begun(std::move(tree));
  CHECK(job.progress().bytes_total == mib);
  const file_shape shape{
    100 * mib, {{0, 1}, {10 * mib, 7}, {50 * mib, 8}, {100 * mib - 1, 1}}};
  job.reshaped(job.next(any).value(), shape);
  CHECK(job.progress().bytes_total == 17);
  std::vector<file_part> sent;
  std::vector<std::size_t> together;
  for (auto requests = take(job); !requests.empty(); requests = take(job)) {
    together.push_back(requests.size());
    for (const auto& request : requests) {
      sent.push_back({request.offset, request.length});
      CHECK(job.step_of(request).announced_size == 100 * mib);
      job.answered(request, errc::none, {});
    }
  }
  CHECK(sent == shape.parts);
  CHECK(together == std::vector<std::size_t>{1, 2, 1});
  CHECK(job.ended());
  CHECK(job.progress().bytes_done == 17);
}

TEST_CASE("a file that cannot be read for now is tried again for a while, and "
          "holds up no other") {
  for (const bool comes_back : {true, false}) {
    CAPTURE(comes_back);
    auto job = begun(snapshot({{"f", 5}, {"g", 5}}));
    auto request = job.next(any).value();
    auto now = t0;
    REQUIRE(job.put_off(request, busy, now));
    answer_all(job);
    CHECK_FALSE(job.ended());
    for (int n = 0; n < (comes_back ? 5 : 100); ++n) {
      now += 100ms;
      job.resume(request.id);
      request = job.next(any).value();
      if (!job.put_off(request, busy, now))
        break;
      CHECK_FALSE(job.next(any));
    }
    if (comes_back) {
      job.resume(request.id);
      answer_all(job);
    } else {
      CHECK(now == t0 + 3s);
    }
    REQUIRE(job.ended());
    CHECK(job.outcome().complete);
    CHECK(reason_of(job, "f").empty() == comes_back);
  }
}

TEST_CASE("who was put off and is tried again twice is handed out once") {
  auto job = begun(snapshot({{"f", 5}}));
  const auto request = job.next(any).value();
  REQUIRE(job.put_off(request, busy, t0));
  job.resume(request.id);
  job.resume(request.id);
  CHECK(take(job).size() == 1);
}

TEST_CASE(
  "a link that the guest's policy refuses is left out, unless it is the "
  "whole tree") {
  for (const bool is_root : {false, true}) {
    CAPTURE(is_root);
    tree_snapshot tree;
    if (!is_root)
      tree = snapshot({{"f", 0}});
    tree.entries.emplace_back();
    tree.entries.back().type = entry_type::symlink;
    tree.entries.back().path = is_root ? "" : "l";
    tree.entries.back().target = "/etc";
    guest_job job{
      tree_order{std::make_shared<const tree_snapshot>(tree), "/g/t"}};
    job.begin(newest());
    for (auto requests = take(job); !requests.empty(); requests = take(job))
      for (const auto& request : requests)
        job.answered(request,
                     job.step_of(request).type == entry_type::symlink
                       ? errc::permission_denied
                       : errc::none,
                     "policy");
    REQUIRE(job.ended());
    CHECK(job.outcome().complete != is_root);
    if (!is_root)
      CHECK(reason_of(job, "l") == "the guest refuses it: policy");
  }
}

TEST_CASE("a file that the guest's policy refuses fails the copy") {
  auto job = begun(snapshot({{"f", 0}}));
  job.answered(job.next(any).value(), errc::permission_denied, "policy");
  REQUIRE(job.ended());
  CHECK_FALSE(job.outcome().complete);
}

TEST_CASE("what was given up or reshaped is sent anew after the connection was "
          "lost, its temporary spent first where that is needed") {
  auto job = begun(snapshot({{"f.a", 5}}), "3.10.0");
  job.reshaped(job.next(any).value(), file_shape{3 * mib});
  job.answered(job.next(any).value(), errc::none, {});
  job.disconnected(gone, t0, 30s);
  job.begin(profile_of("3.10.0"));
  const auto spent = job.next(any).value();
  CHECK(job.step_of(spent).is_spending);
  CHECK(job.step_of(spent).offset == 3 * mib);
  job.answered(spent, errc::none, {});
  const auto again = job.next(any).value();
  CHECK(again.offset == 0);
  CHECK(again.length == 5);
  job.answered(again, errc::none, {});
  CHECK(job.ended());
}

TEST_SUITE_END();
