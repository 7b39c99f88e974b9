// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_schedule.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace fsshare;

namespace {

copy_step make_step(entry_type type, const char* path, std::uint64_t size = 0,
                    std::uint32_t stage = 0) {
  copy_step step;
  step.type = type;
  step.path = path;
  step.size = size;
  step.announced_size = size;
  step.stage = stage;
  return step;
}

copy_schedule make_schedule(std::vector<copy_step> steps,
                            std::vector<step_order> order = {}) {
  auto plan = std::make_shared<copy_plan>();
  plan->steps = std::move(steps);
  plan->order = std::move(order);
  return copy_schedule{std::move(plan), 4};
}

// Takes all that may be in flight now, as (step, offset).
std::vector<std::pair<std::uint32_t, std::uint64_t>>
take_all(copy_schedule& schedule, std::vector<std::uint64_t>* ids = nullptr) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> out;
  while (const auto request = schedule.next()) {
    out.emplace_back(request->step, request->offset);
    if (ids != nullptr)
      ids->push_back(request->id);
  }
  return out;
}

using requests = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

} // namespace

TEST_SUITE_BEGIN("core/copy/copy_schedule");

TEST_CASE("an empty plan is done at once") {
  auto schedule = make_schedule({});
  CHECK(schedule.done());
  CHECK_FALSE(schedule.next());
}

TEST_CASE("a step waits for the step before it") {
  auto schedule = make_schedule({make_step(entry_type::directory, "/d"),
                                 make_step(entry_type::file, "/d/a", 1),
                                 make_step(entry_type::file, "/d/b", 0)},
                                {{0, 1}, {0, 2}});
  const auto dir = schedule.next();
  REQUIRE(dir);
  CHECK(dir->step == 0);
  CHECK_FALSE(schedule.next());
  CHECK(schedule.acknowledge(dir->id));
  CHECK(take_all(schedule) == requests{{1, 0}, {2, 0}});
  CHECK(schedule.in_flight() == 2);
  CHECK_FALSE(schedule.done());
}

TEST_CASE("the first and the last chunk of a file go alone") {
  auto schedule = make_schedule({make_step(entry_type::file, "/f", 15)});
  std::vector<std::uint64_t> ids;
  CHECK(take_all(schedule, &ids) == requests{{0, 0}});
  schedule.acknowledge(ids[0]);
  CHECK(take_all(schedule, &ids) == requests{{0, 4}, {0, 8}});
  schedule.acknowledge(ids[2]);
  CHECK_FALSE(schedule.next());
  schedule.acknowledge(ids[1]);
  const auto last = schedule.next();
  REQUIRE(last);
  CHECK(last->offset == 12);
  CHECK(last->length == 3);
  CHECK_FALSE(schedule.done());
  schedule.acknowledge(last->id);
  CHECK(schedule.done());
  CHECK(schedule.progress() == copy_progress{1, 1, 15, 15});
}

TEST_CASE("an empty file is one request") {
  auto schedule = make_schedule({make_step(entry_type::file, "/f", 0)});
  const auto request = schedule.next();
  REQUIRE(request);
  CHECK(request->length == 0);
  CHECK_FALSE(schedule.next());
  schedule.acknowledge(request->id);
  CHECK(schedule.done());
}

TEST_CASE("a large file does not hold up small ones") {
  auto schedule = make_schedule({make_step(entry_type::file, "/large", 100),
                                 make_step(entry_type::file, "/small", 1)});
  const auto first = schedule.next();
  REQUIRE(first);
  schedule.acknowledge(first->id);
  CHECK(schedule.next()->step == 1);
}

TEST_CASE("a stage waits for all of the one before") {
  auto schedule = make_schedule({make_step(entry_type::file, "/a", 1),
                                 make_step(entry_type::file, "/b", 1),
                                 make_step(entry_type::symlink, "/l", 0, 1)});
  std::vector<std::uint64_t> ids;
  CHECK(take_all(schedule, &ids) == requests{{0, 0}, {1, 0}});
  schedule.acknowledge(ids[1]);
  CHECK_FALSE(schedule.next());
  schedule.acknowledge(ids[0]);
  CHECK(take_all(schedule) == requests{{2, 0}});
}

TEST_CASE("the flip counts as sent from when it was handed out") {
  auto flip = make_step(entry_type::symlink, "/..data", 0, 1);
  flip.is_flip = true;
  auto schedule = make_schedule({make_step(entry_type::file, "/a", 1), flip});
  const auto file = schedule.next();
  REQUIRE(file);
  CHECK_FALSE(schedule.flip_sent());
  schedule.acknowledge(file->id);
  CHECK_FALSE(schedule.flip_sent());
  REQUIRE(schedule.next());
  CHECK(schedule.flip_sent());
}

TEST_CASE("a stopped schedule hands out nothing more") {
  auto schedule = make_schedule({make_step(entry_type::file, "/a", 1),
                                 make_step(entry_type::file, "/b", 1)});
  const auto first = schedule.next();
  REQUIRE(first);
  schedule.stop();
  CHECK(schedule.stopped());
  CHECK_FALSE(schedule.next());
  CHECK(schedule.in_flight() == 1);
  CHECK(schedule.acknowledge(first->id));
  CHECK(schedule.in_flight() == 0);
  CHECK_FALSE(schedule.done());
}

TEST_CASE("a request larger than the room waits, and can be looked at") {
  auto schedule = make_schedule({make_step(entry_type::file, "/a", 3),
                                 make_step(entry_type::file, "/b", 3)});
  CHECK_FALSE(schedule.next(2));
  const auto seen = schedule.peek();
  REQUIRE(seen);
  CHECK(seen->length == 3);
  CHECK(schedule.in_flight() == 0);
  CHECK(schedule.next(3) == seen);
  CHECK(schedule.next(3));
  CHECK_FALSE(schedule.peek());
}

TEST_CASE("an unknown acknowledgement changes nothing") {
  auto schedule = make_schedule({make_step(entry_type::file, "/a", 1)});
  const auto first = schedule.next();
  REQUIRE(first);
  CHECK_FALSE(schedule.acknowledge(first->id + 1));
  CHECK(schedule.acknowledge(first->id));
  CHECK_FALSE(schedule.acknowledge(first->id));
  CHECK(schedule.progress().entries_done == 1);
}

TEST_SUITE_END();
