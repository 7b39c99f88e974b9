// SPDX-License-Identifier: Apache-2.0
#include "actors/nydus.hpp"
#include "tests/support/actor_fixture.hpp"

#include <deque>
#include <memory>

using namespace fsshare;

namespace {

/// What the calls of NYDUS are answered, and what they were.
struct script {
  std::vector<std::string> calls;
  std::deque<result<http_answer>> states;
  std::deque<result<http_answer>> answers;
  std::chrono::nanoseconds paused{0};

  result<http_answer> call(const http_request& request) {
    if (request.method == "GET") {
      calls.emplace_back("state");
      return take(states, {200, R"({"state":"RUNNING"})"});
    }
    calls.push_back(request.method + " " + request.target + " " + request.body);
    return take(answers, {204, {}});
  }

  static result<http_answer> take(std::deque<result<http_answer>>& from,
                                  const http_answer& otherwise) {
    if (from.empty())
      return otherwise;
    auto next = from.front();
    from.pop_front();
    return next;
  }
};

struct fixture : test::actor_fixture {
  std::shared_ptr<script> said = std::make_shared<script>();
  nydus_actor aut = spawn<nydus>(options());

  nydus_options options() const {
    nydus_options o;
    o.socket = "/n.sock";
    o.call = [s = said](const http_request& request, auto) {
      return s->call(request);
    };
    o.pause = [s = said](std::chrono::nanoseconds time) {
      s->paused += time;
    };
    return o;
  }

  result<rafs_mounted> mount() {
    return ask<rafs_mounted>(aut,
                             mount_rafs{{"/rafs/c1/lowerdir", "/boot", "{}"}});
  }
  rafs_unmounted unmount(std::vector<std::string> mountpoints) {
    return *ask<rafs_unmounted>(aut, unmount_rafs{std::move(mountpoints)});
  }
};

const std::string post
  = R"(POST /api/v1/mount?mountpoint=%2Frafs%2Fc1%2Flowerdir )"
    R"({"config":"{}","fs_type":"rafs","source":"/boot"})";
const std::string del
  = "DELETE /api/v1/mount?mountpoint=%2Frafs%2Fc1%2Flowerdir ";
const error late{errc::deadline_exceeded, "no answer in time"};
const error nobody{errc::not_found, "nobody listens"};

using words = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("actors/nydus");

TEST_CASE_FIXTURE(fixture, "an image is mounted with an encoded mountpoint") {
  CHECK(mount());
  CHECK(said->calls == words{"state", post});
  CHECK(unmount({"/rafs/c1/lowerdir"}).left.empty());
  CHECK(said->calls.back() == del);
}

TEST_CASE_FIXTURE(fixture, "nydusd is waited for, but not for ever") {
  said->states = {nobody, http_answer{200, R"({"state":"INIT"})"}};
  CHECK(mount());
  CHECK(said->calls == words{"state", "state", "state", post});
  said->calls.clear();
  said->paused = {};
  said->states.assign(100, http_answer{200, R"({"state":"INIT"})"});
  const auto refused = mount();
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::unavailable);
  CHECK(refused.err().message.find("INIT") != std::string::npos);
  CHECK(said->calls == words(14, "state"));
  CHECK(said->paused < std::chrono::seconds{6});
  CHECK(said->paused > std::chrono::seconds{1});
}

TEST_CASE_FIXTURE(fixture, "a nydusd that never comes is UNAVAILABLE") {
  said->states.assign(100, nobody);
  const auto refused = mount();
  REQUIRE(!refused);
  CHECK(refused.err()
        == error{errc::unavailable,
                 "nydus: mount /rafs/c1/lowerdir: nobody listens"});
}

TEST_CASE_FIXTURE(fixture, "a nydusd that hangs is asked for its state once") {
  said->states = {late};
  const auto refused = mount();
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::deadline_exceeded);
  CHECK(said->calls == words{"state"});
}

TEST_CASE_FIXTURE(fixture, "a refused mount says what nydusd said") {
  said->answers
    = {http_answer{500, R"({"code":"x","message":"bad bootstrap"})"},
       http_answer{500, "<html>"}};
  auto refused = mount();
  REQUIRE(!refused);
  CHECK(refused.err()
        == error{errc::failed_precondition,
                 "nydus: mount /rafs/c1/lowerdir: nydusd answered 500: bad "
                 "bootstrap"});
  refused = mount();
  REQUIRE(!refused);
  CHECK(refused.err().message.find("500 without a message")
        != std::string::npos);
  CHECK(said->calls == words{"state", post, "state", post});
}

TEST_CASE_FIXTURE(fixture, "a mount without an answer is taken back") {
  said->answers = {late};
  const auto refused = mount();
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::deadline_exceeded);
  CHECK(said->calls == words{"state", post, del});
}

TEST_CASE_FIXTURE(fixture, "a mount whose undo fails too is told and undone "
                           "before the next one") {
  said->answers = {late, error{errc::unavailable, "the connection ended"}};
  const auto refused = mount();
  REQUIRE(!refused);
  CHECK(refused.err()
        == error{errc::deadline_exceeded,
                 "nydus: mount /rafs/c1/lowerdir: no answer in time; undo: the "
                 "connection ended"});
  said->calls.clear();
  said->answers = {http_answer{500, R"({"message":"busy"})"}};
  const auto again = mount();
  REQUIRE(!again);
  CHECK(again.err().message
        == "nydus: mount /rafs/c1/lowerdir: unmount what is left there: nydusd "
           "answered 500: busy");
  CHECK(said->calls == words{"state", del, "state"});
  said->calls.clear();
  CHECK(mount());
  CHECK(said->calls == words{"state", del, post});
}

TEST_CASE_FIXTURE(fixture,
                  "what a failed mount left is for an unmount to try") {
  said->answers = {late, late};
  CHECK(!mount());
  said->calls.clear();
  CHECK(unmount({"/rafs/c1/lowerdir"}).left.empty());
  CHECK(said->calls == words{del});
}

TEST_CASE_FIXTURE(fixture, "what was never mounted is not unmounted") {
  said->states.assign(100, nobody);
  CHECK(!mount());
  said->states.clear();
  said->calls.clear();
  CHECK(unmount({"/rafs/c1/lowerdir"}).left.empty());
  said->answers = {http_answer{500, R"({"message":"bad bootstrap"})"}};
  CHECK(!mount());
  CHECK(unmount({"/rafs/c1/lowerdir"}).left.empty());
  CHECK(said->calls == words{"state", post});
}

TEST_CASE_FIXTURE(fixture, "without nydusd nothing is mounted any more") {
  said->answers = {nobody};
  CHECK(unmount({"/a"}).left.empty());
}

TEST_CASE_FIXTURE(fixture, "what nydusd does not have need not be unmounted") {
  const auto unknown = http_answer{500, R"({"message":"doesn't exist"})"};
  const auto state = [](const std::string& more) {
    return http_answer{200, R"({"state":"RUNNING")" + more + "}"};
  };
  said->answers = {unknown, unknown, unknown, unknown};
  said->states = {state(""), state(R"(,"backend_collection":{"/a":{}})"), late,
                  state(R"(,"backend_collection":{"/b":{}})")};
  // It does not say, it has it, it does not answer.
  for (int i = 0; i < 3; ++i)
    CHECK(unmount({"/a"}).left.size() == 1);
  CHECK(unmount({"/a"}).left.empty());
  CHECK(said->calls.size() == 8);
  CHECK(unmount({"/a"}).left.empty());
  CHECK(said->calls.size() == 8);
}

TEST_CASE_FIXTURE(fixture, "unmounting goes on after an error") {
  said->answers = {http_answer{500, R"({"message":"busy"})"}};
  const auto done = unmount({"/a", "/b"});
  REQUIRE(done.left.size() == 1);
  CHECK(done.left[0].mountpoint == "/a");
  CHECK(done.left[0].why.message
        == "nydus: unmount /a: nydusd answered 500: busy");
  const auto delete_of = [](const std::string& name) {
    return "DELETE /api/v1/mount?mountpoint=%2F" + name + " ";
  };
  CHECK(said->calls == words{delete_of("a"), "state", delete_of("b")});
  // The failed one is tried again, the other is done.
  CHECK(unmount({"/a", "/b"}).left.empty());
  CHECK(said->calls.size() == 4);
}

TEST_CASE_FIXTURE(fixture, "a nydusd that hangs costs one wait, not many") {
  said->answers = {late};
  CHECK(unmount({"/a", "/b", "/c"}).left.size() == 3);
  CHECK(said->calls.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "what was unmounted can be mounted again") {
  CHECK(mount());
  unmount({"/rafs/c1/lowerdir"});
  CHECK(mount());
  unmount({"/rafs/c1/lowerdir"});
  CHECK(said->calls == words{"state", post, del, "state", post, del});
}

TEST_SUITE_END();
