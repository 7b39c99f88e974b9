// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "main/supervision.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_mounts.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace fsshare;

namespace {

struct fixture : test::actor_fixture {
  mounter_actor spawn_one() {
    return spawn<mounter>(std::make_shared<test::fake_mounts>());
  }
  void kill(const mounter_actor& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    run();
  }

  std::vector<std::string> deaths;
  supervision supervisor{
    [this](const std::string& name, const std::string& why) {
      CHECK_FALSE(why.empty());
      deaths.push_back(name);
    }};
};

} // namespace

TEST_SUITE_BEGIN("main/supervision");

TEST_CASE_FIXTURE(fixture, "the first actor that dies is told, once") {
  const auto one = spawn_one();
  const auto two = spawn_one();
  supervisor.watch(one, "one");
  supervisor.watch(two, "two");
  CHECK(deaths.empty());
  kill(two);
  CHECK(deaths == std::vector<std::string>{"two"});
  kill(one);
  CHECK(deaths.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "an actor that is dead already is told at once") {
  const auto one = spawn_one();
  kill(one);
  supervisor.watch(one, "one");
  CHECK(deaths == std::vector<std::string>{"one"});
}

TEST_CASE_FIXTURE(fixture, "nothing is told of actors that are to end") {
  const auto one = spawn_one();
  supervisor.watch(one, "one");
  supervisor.end();
  supervisor.end();
  kill(one);
  CHECK(deaths.empty());
}

TEST_SUITE_END();
