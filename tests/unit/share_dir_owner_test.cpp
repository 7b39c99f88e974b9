// SPDX-License-Identifier: Apache-2.0
#include "core/copy/share_dir_owner.hpp"

#include "core/copy/guest_job.hpp"
#include "tests/unit/guest_dir.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

const guest_inventory there{std::string{guest::share_root}};

// Carries a job out, what may happen in any order in a random one.
// @returns how many requests it took.
std::size_t run(guest_job& job, const guest_dir& guest, unsigned seed) {
  std::mt19937 random{seed};
  job.begin(guest.rules, there);
  std::vector<copy_request> flying;
  std::size_t requests = 0;
  while (!job.ended()) {
    while (const auto request = job.next(copy_schedule::any_length))
      flying.push_back(*request);
    REQUIRE_FALSE(flying.empty());
    std::swap(flying[random() % flying.size()], flying.back());
    const auto request = flying.back();
    flying.pop_back();
    ++requests;
    const auto done
      = guest.carry_out(job.step_of(request), request.offset, request.length);
    job.answered(request, done ? errc::none : done.err().code,
                 done ? "" : done.err().message);
  }
  CHECK_MESSAGE(job.outcome().complete, job.outcome().err.message);
  return requests;
}

tree_entry owned(const char* path, entry_type type, std::uint32_t uid) {
  auto entry = make_entry(path, type, type == entry_type::file ? 3 : 0);
  entry.uid = uid;
  entry.gid = uid;
  return entry;
}

std::uint32_t owner_of(const std::string& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_uid;
}

tree_order tree_of(std::vector<tree_entry> entries) {
  tree_snapshot tree;
  tree.entries = std::move(entries);
  return {std::make_shared<const tree_snapshot>(std::move(tree)),
          guest_path("c-1-t")};
}

} // namespace

TEST_SUITE_BEGIN("core/copy/share_dir_owner");

TEST_CASE(
  "a copy of any shape and owner leaves the guest's shared directory to "
  "root, and has its own owner") {
  if (getuid() != 0)
    FAIL("needs root");
  using enum entry_type;
  const std::vector<std::vector<tree_entry>> trees{
    {owned("", directory, 7)},
    {owned("", file, 7)},
    {owned("", symlink, 7)},
    {owned("", directory, 7), owned("a", file, 7), owned("b", file, 7)},
    {owned("", directory, 7), owned("a", file, 7), owned("b", file, 8)},
    {owned("", directory, 7), owned("d", directory, 8), owned("d/e", file, 9)},
    {owned("", directory, 0), owned("a", file, 8)}};
  for (const auto& entries : trees) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
      const guest_dir guest{guest::profile::v4_0};
      guest_job job{tree_of(entries)};
      run(job, guest, seed);
      CHECK(owner_of(guest.dir.path()) == 0);
      for (const auto& entry : entries)
        CHECK(owner_of(join(guest.dir / "c-1-t", entry.path)) == entry.uid);
    }
  }
}

TEST_CASE("a volume's root gets its owner by the flip, and again when it "
          "changes") {
  auto snapshot = std::make_shared<volume_snapshot>();
  snapshot->id.name = "..1";
  snapshot->root = owned("", entry_type::directory, 7);
  snapshot->tree.entries
    = {owned("", entry_type::directory, 8), owned("key", entry_type::file, 8)};
  push_options options;
  options.guest_root = guest_path("c-1-v");
  options.attempt_name = "..1";
  options.send_root = true;
  options.send_others = true;
  options.links = {"key"};
  const guest_dir guest{guest::profile::v4_0};
  guest_job first{guest_order{push_order{snapshot, options}}};
  run(first, guest, 1);
  CHECK(owner_of(guest.dir.path()) == 0);
  CHECK(owner_of(guest.dir / "c-1-v") == 7);

  snapshot = std::make_shared<volume_snapshot>(*snapshot);
  snapshot->root.uid = 9;
  options.attempt_name = "..2";
  options.send_others = false;
  guest_job second{guest_order{push_order{snapshot, options}}};
  run(second, guest, 1);
  CHECK(owner_of(guest.dir.path()) == 0);
  CHECK(owner_of(guest.dir / "c-1-v") == 9);

  copy_step root;
  root.path = options.guest_root;
  root.mode = 0755;
  root.uid = 5;
  guest_job repair{guest_order{steps_order{{root}}}};
  run(repair, guest, 1);
  CHECK(owner_of(guest.dir.path()) == 0);
  CHECK(owner_of(guest.dir / "c-1-v") == 5);
}

TEST_CASE("guest agents that leave parents as they are get no request for "
          "owners, and the copy is the same") {
  if (getuid() != 0)
    FAIL("needs root");
  using enum entry_type;
  const std::vector<tree_entry> entries{
    owned("", directory, 7), owned("d", directory, 8), owned("d/e", file, 9)};
  for (const auto which : {guest::profile::v4_0, guest::profile::v4_2}) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
      const guest_dir guest{which};
      guest_job job{tree_of(entries)};
      // Both directories again, and the shared one.
      const std::size_t for_owners = which == guest::profile::v4_0 ? 3 : 0;
      CHECK(run(job, guest, seed) == entries.size() + for_owners);
      CHECK(owner_of(guest.dir.path()) == 0);
      for (const auto& entry : entries)
        CHECK(owner_of(join(guest.dir / "c-1-t", entry.path)) == entry.uid);
    }
  }
}

TEST_CASE("nothing but what is below the shared directory is ever sent") {
  for (const char* root :
       {"", "/", "/.", "/..", "/d/..", "/a//b", "/a/", "x", "/../x"}) {
    auto order = tree_of({owned("", entry_type::directory, 0)});
    order.guest_root = std::string{guest::share_root} + root;
    guest_job job{order};
    job.begin(profile_of("3.30.0"), there);
    CHECK_FALSE(job.next(copy_schedule::any_length));
    REQUIRE(job.ended());
    CHECK(job.outcome().err.code == errc::failed_precondition);
  }
}

TEST_SUITE_END();
