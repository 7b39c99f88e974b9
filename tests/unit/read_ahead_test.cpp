// SPDX-License-Identifier: Apache-2.0
#include "core/copy/read_ahead.hpp"
#include "tests/support/guest_jobs.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr std::uint64_t kib = 1024;

// A directory that is made, with so many files.
guest_job job_of(std::size_t files, std::uint64_t size) {
  tree_snapshot s;
  s.entries.emplace_back();
  for (std::size_t n = 0; n < files; ++n) {
    s.entries.emplace_back();
    s.entries.back().path = "f" + std::to_string(n);
    s.entries.back().type = entry_type::file;
    s.entries.back().size = size;
  }
  guest_job job{
    tree_order{std::make_shared<const tree_snapshot>(std::move(s)), "/g/t"}};
  job.begin(newest());
  job.answered(job.next(any).value(), errc::none, {});
  return job;
}

byte_lease_ptr lease() {
  return std::make_shared<const byte_lease>(1, [](std::uint64_t) {});
}

chunk_read whole(std::uint64_t size) {
  return {read_bytes{make_secret_blob(bytes(size)), false}, nullptr};
}

// Reads what is wanted.
std::size_t read(read_ahead& ahead, const guest_job& job) {
  const auto wanted = ahead.wants(job);
  if (wanted.steps.empty())
    return 0;
  const auto turn = ahead.begun(wanted, nullptr);
  found_files found;
  found.reserve(wanted.files.size());
  for (const auto& file : wanted.files)
    found.emplace_back(whole(file.size));
  REQUIRE(ahead.ended(turn, std::move(found)));
  return wanted.steps.size();
}

// Hands the next file out, as far as it is there.
bool send(read_ahead& ahead, guest_job& job) {
  const auto next = job.peek();
  if (!next || !ahead.take(next->step))
    return false;
  return job.next(any).has_value();
}

} // namespace

TEST_SUITE_BEGIN("core/copy/read_ahead");

TEST_CASE("small files are read sixteen at a time, in the order in which they "
          "are sent") {
  auto job = job_of(20, kib);
  read_ahead ahead;
  const auto wanted = ahead.wants(job);
  REQUIRE(wanted.steps.size() == 16);
  CHECK(wanted.bytes == 16 * kib);
  for (std::size_t n = 0; n < 16; ++n) {
    CHECK(wanted.files[n].path == "f" + std::to_string(n));
    CHECK(wanted.files[n].size == kib);
  }
  CHECK(wanted.steps.front() == job.peek()->step);
}

TEST_CASE("files of 64 KiB are read four at a time, and larger ones are not") {
  auto job = job_of(20, 64 * kib);
  read_ahead ahead;
  CHECK(ahead.wants(job).steps.size() == 4);
  CHECK(job.is_small_file(*job.peek()));
  auto large = job_of(20, 64 * kib + 1);
  CHECK(ahead.wants(large).steps.empty());
  CHECK_FALSE(large.is_small_file(*large.peek()));
}

TEST_CASE(
  "one read is out at a time, and the next one begins when half of what "
  "was read is sent") {
  auto job = job_of(40, kib);
  read_ahead ahead;
  const auto turn = ahead.begun(ahead.wants(job), nullptr);
  CHECK(ahead.wants(job).steps.empty());
  CHECK_FALSE(send(ahead, job));
  found_files found(16, whole(kib));
  REQUIRE(ahead.ended(turn, std::move(found)));
  for (int n = 0; n < 8; ++n) {
    CHECK(ahead.wants(job).steps.empty());
    REQUIRE(send(ahead, job));
  }
  CHECK(read(ahead, job) == 16);
  CHECK(read(ahead, job) == 0);
}

TEST_CASE("of large ones it begins when half of the bytes are sent") {
  auto job = job_of(40, 64 * kib);
  read_ahead ahead;
  REQUIRE(read(ahead, job) == 4);
  REQUIRE(send(ahead, job));
  CHECK(ahead.wants(job).steps.empty());
  REQUIRE(send(ahead, job));
  CHECK(read(ahead, job) == 4);
}

TEST_CASE("all files are read once") {
  auto job = job_of(100, kib);
  read_ahead ahead;
  std::size_t files = 0;
  std::size_t sent = 0;
  std::size_t reads = 0;
  while (sent < 100) {
    if (const auto count = read(ahead, job)) {
      files += count;
      ++reads;
    }
    REQUIRE(send(ahead, job));
    ++sent;
  }
  CHECK(files == 100);
  CHECK(reads <= 12);
  CHECK(ahead.wants(job).steps.empty());
}

TEST_CASE("a file that is tried again is read though others are there") {
  auto job = job_of(20, kib);
  read_ahead ahead;
  REQUIRE(read(ahead, job) == 16);
  const auto request = job.next(any).value();
  REQUIRE(ahead.take(request.step));
  REQUIRE(job.put_off(request, {errc::unavailable, "a lease"}, t0));
  job.resume(request.id);
  REQUIRE(job.peek()->step == request.step);
  const auto wanted = ahead.wants(job);
  REQUIRE_FALSE(wanted.steps.empty());
  CHECK(wanted.steps.front() == request.step);
}

TEST_CASE("a file that has turned out to be another one is not read so") {
  auto job = job_of(1, kib);
  const auto request = job.next(any).value();
  job.reshaped(request, {2 * kib});
  CHECK_FALSE(job.is_small_file(*job.peek()));
  CHECK(read_ahead{}.wants(job).steps.empty());
}

TEST_CASE("nothing is read for a job that has failed, or has not begun") {
  auto job = job_of(3, kib);
  job.fail({errc::aborted, "why"});
  CHECK(read_ahead{}.wants(job).steps.empty());
  CHECK(read_ahead{}.wants(tree({"f"})).steps.empty());
}

TEST_CASE("why a read has failed is said of each of its files") {
  auto job = job_of(3, kib);
  read_ahead ahead;
  const auto turn = ahead.begun(ahead.wants(job), nullptr);
  REQUIRE(ahead.ended(turn, error{errc::deadline_exceeded, "read t"}));
  for (int n = 0; n < 3; ++n) {
    const auto request = job.next(any).value();
    const auto found = ahead.take(request.step);
    REQUIRE(found);
    REQUIRE_FALSE(found->what);
    CHECK(found->what.err().code == errc::deadline_exceeded);
  }
}

TEST_CASE("of a read that was forgotten nothing is kept") {
  auto job = job_of(20, kib);
  read_ahead ahead;
  const auto memory = lease();
  const auto turn = ahead.begun(ahead.wants(job), memory);
  CHECK(memory.use_count() > 1);
  ahead.clear();
  CHECK(memory.use_count() == 1);
  CHECK_FALSE(ahead.ended(turn, found_files(16, whole(kib))));
  CHECK_FALSE(ahead.take(job.peek()->step));
  CHECK(ahead.wants(job).steps.size() == 16);
}

TEST_CASE("memory is held until the last file of its read is taken") {
  auto job = job_of(2, kib);
  read_ahead ahead;
  const auto memory = lease();
  const auto turn = ahead.begun(ahead.wants(job), memory);
  REQUIRE(ahead.ended(turn, found_files(2, whole(kib))));
  REQUIRE(send(ahead, job));
  CHECK(memory.use_count() == 2);
  REQUIRE(send(ahead, job));
  CHECK(memory.use_count() == 1);
}

TEST_SUITE_END();
