// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_rest.hpp"
#include "core/copy/guest_removal.hpp"
#include "tests/support/guest_jobs.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

using paths = std::vector<std::string>;
using results = std::vector<removal_result>;

// How a guest agent from 3.18 on says that it removed something.
constexpr const char* removed_words = "ENOENT: No such file or directory";

guest_profile agent(std::string_view version) {
  return profile_of(version);
}

copy_step file_at(const std::string& path, std::uint64_t size = 5) {
  copy_step step;
  step.type = entry_type::file;
  step.path = path;
  step.size = size;
  step.announced_size = size;
  return step;
}

guest_removal removal_of(const paths& all) {
  removal_order order;
  for (const auto& path : all)
    order.steps.push_back(removal_step(path, 0, 0));
  return guest_removal{std::move(order)};
}

paths paths_of(const copy_plan& plan) {
  paths all;
  for (const auto& step : plan.steps)
    all.push_back("dfl"[static_cast<int>(step.type)] + (" " + step.path));
  return all;
}

void answer_all(guest_removal& removal, const copy_plan& plan, errc code,
                const std::string& message) {
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i)
    removal.answered(i, plan.steps[i], code, message);
}

} // namespace

TEST_SUITE_BEGIN("core/copy/guest_removal");

TEST_CASE("of a single file its temporary is removed, too, and it is not gone "
          "before both are") {
  guest_inventory there{"/g"};
  there.begun(file_at("/g/c-1-key.p12"), agent("4.1.0"));
  for (const bool fails : {false, true}) {
    auto removal = removal_of({"/g/c-1-key.p12"});
    const auto plan = removal.begin(agent("4.1.0"), there);
    CHECK(paths_of(plan) == paths{"l /g/c-1-key.tmp", "l /g/c-1-key.p12"});
    const char* words
      = "create symlink: No such file or directory (os error 2)";
    if (fails)
      removal.answered(0, plan.steps[0], errc::internal, "EBUSY");
    else
      removal.answered(0, plan.steps[0], errc::internal, words);
    CHECK(removal.results() == results{removal_result::failed});
    removal.answered(1, plan.steps[1], errc::internal, words);
    CHECK_FALSE(removal.next());
    CHECK(removal.results()
          == results{fails ? removal_result::failed : removal_result::removed});
  }
}

TEST_CASE("a file that is its own temporary is gone when a guest agent that "
          "loses such files says so") {
  const guest_inventory there{"/g"};
  for (const char* path : {"/g/c-1-k.tmp", "/g/c-1-k"}) {
    auto removal = removal_of({path});
    const auto plan = removal.begin(agent("3.30.0"), there);
    answer_all(removal, plan, errc::permission_denied, "blocked");
    const auto second = removal.next();
    REQUIRE(second);
    answer_all(removal, *second, errc::internal,
               "No such file or directory (os error 2)");
    const bool is_own = std::string_view{path}.ends_with(".tmp");
    CHECK(
      removal.results()
      == results{is_own ? removal_result::removed : removal_result::denied});
  }
}

TEST_CASE("what is no single file has no temporary beside it") {
  guest_inventory there{"/g"};
  there.begun(file_at("/g/c-1-v/..1/key.pem"), agent("3.30.0"));
  there.begun(file_at("/g/c-1-k.tmp"), agent("3.30.0"));
  auto removal = removal_of({"/g/c-1-v", "/g/c-1-v/..1", "/g/c-1-k.tmp"});
  CHECK(removal.begin(agent("3.30.0"), there).steps.size() == 3);
}

TEST_CASE("where a policy forbids to remove the root of a copy, an empty file "
          "takes its place, and nothing else's") {
  for (const bool works : {false, true}) {
    const guest_inventory there{"/g"};
    auto removal = removal_of({"/g/c-1-v", "/g/c-1-v/..1", "/g/c-2-v"});
    const auto plan = removal.begin(agent("4.1.0"), there);
    removal.answered(0, plan.steps[0], errc::permission_denied, "blocked");
    removal.answered(1, plan.steps[1], errc::permission_denied, "blocked");
    removal.answered(2, plan.steps[2], errc::internal, "EBUSY");
    const auto second = removal.next();
    REQUIRE(second);
    CHECK(paths_of(*second) == paths{"f /g/c-1-v"});
    CHECK(second->steps[0].announced_size == 0);
    removal.answered(0, second->steps[0],
                     works ? errc::none : errc::permission_denied, "blocked");
    CHECK_FALSE(removal.next());
    CHECK(removal.results()
          == results{works ? removal_result::emptied : removal_result::denied,
                     removal_result::denied, removal_result::failed});
  }
}

TEST_CASE("a guest agent that removes nothing empties all that was ever sent "
          "below a path, links first that lead through others") {
  guest_inventory there{"/g"};
  const auto old = agent("3.16.0");
  const auto link = [](const std::string& path, const std::string& target) {
    auto step = removal_step(path, 0, 0);
    step.target = target;
    return step;
  };
  there.begun(link("/g/c-1-v/..data", "..1"), old);
  there.begun(link("/g/c-1-v/key", "..data/key"), old);
  for (const char* path : {"/g/c-1-v/..1/key", "/g/c-1-v/..1/more"}) {
    there.begun(file_at(path), old);
    there.done(file_at(path));
  }
  there.begun(file_at("/g/c-1-vx"), old);
  auto removal = removal_of({"/g/c-1-v"});
  const auto plan = removal.begin(old, there);
  CHECK(paths_of(plan)
        == paths{"l /g/c-1-v/key", "f /g/c-1-v/..1/key", "f /g/c-1-v/..1/more",
                 "l /g/c-1-v/..data"});
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i) {
    const bool is_link = plan.steps[i].type == entry_type::symlink;
    CHECK(removal.results() == results{removal_result::failed});
    removal.answered(i, plan.steps[i], is_link ? errc::internal : errc::none,
                     removed_words);
  }
  CHECK(removal.results() == results{removal_result::emptied});
  CHECK(removal.why().message.find("contents are freed") != std::string::npos);

  // Names stay, so it is never said to be removed, and costs nothing again.
  there.emptied("/g/c-1-v");
  auto again = removal_of({"/g/c-1-v"});
  CHECK(again.begin(old, there).steps.empty());
  CHECK(again.results() == results{removal_result::emptied});
  CHECK(there.has("/g/c-1-vx"));
}

TEST_CASE("where emptying fails it is told and tried again as a whole") {
  guest_inventory there{"/g"};
  const auto old = agent("3.16.0");
  there.begun(file_at("/g/c-1-v/a"), old);
  there.begun(file_at("/g/c-1-v/b"), old);
  auto removal = removal_of({"/g/c-1-v"});
  const auto plan = removal.begin(old, there);
  // Both were begun: a temporary is spent, then each file is emptied.
  CHECK(plan.steps.size() == 4);
  answer_all(removal, plan, errc::internal, "ENOSPC");
  CHECK(removal.results() == results{removal_result::failed});
  CHECK(removal.why().message.find("ENOSPC") != std::string::npos);
}

TEST_CASE("of what nothing is known nothing is sent to a guest agent that "
          "removes nothing, and what was never sent is not there") {
  guest_inventory there{"/g"};
  there.unanswered(file_at("/g/c-3-v/late"), t0);
  auto removal = removal_of({"/g/c-1-v/x", "/g/c-2-v", "/g/c-3-v"});
  CHECK(removal.begin(agent("3.16.0"), there).steps.empty());
  CHECK(removal.results()
        == results{removal_result::impossible, removal_result::removed,
                   removal_result::impossible});
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("core/copy/guest_inventory");

TEST_CASE("what was unanswered may come back, and is to be emptied then, too") {
  guest_inventory there{"/g"};
  const auto old = agent("3.16.0");
  there.begun(file_at("/g/c-1-v/a"), old);
  CHECK_FALSE(there.lost_at("/g/c-1-v"));
  there.unanswered(file_at("/g/c-1-v/a", 9), t0);
  CHECK(there.lost_at("/g/c-1-v") == t0);
  CHECK(there.lost_at("/g/c-1-v/a") == t0);
  CHECK_FALSE(there.lost_at("/g/c-1"));
  there.emptied("/g/c-1-v");
  REQUIRE(there.contents("/g/c-1-v").files.size() == 1);
  CHECK_FALSE(there.contents("/g/c-1-v").files[0].is_finished);
  CHECK(there.contents("/g/c-1-v").files[0].size == 9);
}

TEST_CASE("what takes a temporary away is known before it is sent, and what "
          "removals may make where they come late") {
  guest_inventory there{"/g"};
  const auto old = agent("3.16.0");
  there.begun(spend_step(file_at("/g/c-1-plain", 4), 4), old);
  REQUIRE(there.contents("/g/c-1-plain").files.size() == 1);
  CHECK(there.contents("/g/c-1-plain").files[0].size == 5);
  // An empty link makes the directories that lead to it, nothing else.
  there.unanswered(removal_step("/g/c-2-v/..1", 0, 0), t0);
  CHECK(there.lost_at("/g/c-2-v") == t0);
  CHECK_FALSE(there.lost_at("/g/c-2-v/..1"));
  there.unanswered(removal_step("/g/c-3-v", 0, 0), t0);
  CHECK_FALSE(there.lost_at("/g/c-3-v"));
  there.unanswered(removal_step("/g/c-4-v/../..none", 0, 0), t0);
  CHECK_FALSE(there.lost_at("/g/c-4-v"));
  // The latest counts, and the longest file.
  for (const auto size : {9U, 5U})
    there.unanswered(file_at("/g/c-2-v", size),
                     t0 + std::chrono::seconds{size});
  CHECK(there.lost_at("/g/c-2-v") == t0 + std::chrono::seconds{9});
  there.begun(file_at("/g/c-2-v", 5), old);
  there.emptied("/g/c-2-v");
  REQUIRE(there.contents("/g/c-2-v").files.size() == 1);
  CHECK(there.contents("/g/c-2-v").files[0].size == 9);
  // What is its own temporary is emptied under a name beside it.
  there.begun(file_at("/g/c-5-x.tmp", 7), old);
  there.unanswered(spend_step(empty_file_step("/g/c-5-x.0"), 7), t0);
  CHECK(there.lost_at("/g/c-5-x.tmp") == t0);
  there.emptied("/g/c-5-x.tmp");
  REQUIRE(there.contents("/g/c-5-x.tmp").files.size() == 1);
  CHECK(there.contents("/g/c-5-x.tmp").files[0].size == 8);
}

TEST_CASE("what has no contents any more is forgotten where there is too much "
          "of it") {
  guest_inventory there{"/g"};
  const auto old = agent("3.16.0");
  constexpr auto most = guest_inventory::most_emptied;
  for (std::size_t n = 0; n < most + 50; ++n) {
    const auto generation = "/g/c-1-v/..2026_" + std::to_string(n);
    there.begun(file_at(generation + "/key"), old);
    there.emptied(generation);
    there.emptied(generation);
  }
  CHECK(there.size() == most);
  for (std::size_t n = 0; n < most + 50; ++n) {
    const auto copy = "/g/c-2-" + std::to_string(n);
    there.begun(file_at(copy + "/key"), old);
    there.emptied(copy);
    // It is copied again.
    if (n == 0)
      there.begun(file_at(copy + "/key"), old);
    if (n == 1)
      there.begun(file_at(copy), old);
  }
  CHECK(there.contents("/g/c-2-0").files.size() == 1);
  CHECK(there.contents("/g/c-2-1").files.size() == 1);
  CHECK(there.size() == 2 * most + 2);
  there.removed("/g/c-1-v");
  CHECK(there.size() == most + 2);
}

TEST_CASE("beside a sealed secret its plaintext is to be emptied, too") {
  guest_inventory there{"/g"};
  const auto old = agent("3.16.0");
  auto step = file_at("/g/c-1-v/..1/key", 11);
  step.content
    = make_secret_blob(bytes{'s', 'e', 'a', 'l', 'e', 'd', '.', 'x'});
  there.begun(step, old);
  there.begun(file_at("/g/c-1-v/..1/plain"), old);
  const auto files = there.contents("/g/c-1-v").files;
  REQUIRE(files.size() == 3);
  CHECK(files[1].path == "/g/c-1-v/..1/key.unsealed");
  CHECK(files[1].size > 0);
  CHECK(files[1].is_finished);
  there.emptied("/g/c-1-v/..1");
  CHECK(there.contents("/g/c-1-v").files.empty());
}

TEST_CASE("where entries are removed single files alone are remembered") {
  guest_inventory there{"/g"};
  for (const char* path : {"/g/one", "/g/v/..1/key"})
    there.begun(file_at(path), agent("3.30.0"));
  CHECK(there.size() == 1);
  CHECK(there.is_single_file("/g/one"));
  CHECK_FALSE(there.is_single_file("/g/v"));
  there.unanswered(file_at("/g/one"), t0);
  there.removed("/g/one");
  CHECK(there.size() == 0);
  CHECK(there.is_single_file("/g/one"));
}

TEST_CASE("of a copy that an earlier process has begun nothing is said to be "
          "gone that this guest agent cannot remove") {
  for (const char* known : {"/g/c", "/g/c/..1", "/g/c/..1/key"}) {
    guest_inventory there{"/g"};
    there.left_before(known);
    auto unknown = removal_of({"/g/c", "/g/other"});
    CHECK(unknown.begin(agent("3.3.0"), there).steps.empty());
    CHECK(unknown.results()
          == results{removal_result::impossible, removal_result::removed});
    CHECK(unknown.why().message.find("before the node agent was started again")
          != std::string::npos);
    // What is known of it is emptied all the same.
    there.begun(file_at("/g/c/..2/key"), agent("3.3.0"));
    auto some = removal_of({"/g/c"});
    CHECK_FALSE(some.begin(agent("3.3.0"), there).steps.empty());
    CHECK(some.results() == results{removal_result::impossible});
    // Others remove it, whatever it is.
    auto all = removal_of({"/g/c"});
    const auto plan = all.begin(agent("4.1.0"), there);
    answer_all(all, plan, errc::internal, removed_words);
    CHECK(all.results() == results{removal_result::removed});
    there.removed("/g/c");
    CHECK_FALSE(there.is_left_before("/g/c"));
  }
}

TEST_SUITE_END();
