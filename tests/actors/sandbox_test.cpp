// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_mark.hpp"
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <filesystem>

#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 500;

payload some_payload() {
  return {{"a", {"one"}}, {"d/b", {"two"}}, {"tls.crt", {"three"}}};
}

prepare_request preparation(const std::string& id) {
  prepare_request request;
  request.sandbox_id = id;
  request.mode = sharing_mode::copy;
  request.guest_address = "unix:///nobody";
  return request;
}

share_file_request file_request(const node_world& w, const std::string& name,
                                const std::string& sandbox = "s1") {
  share_file_request request;
  request.sandbox_id = sandbox;
  request.container_id = "c1";
  request.mount = {w.dir / name, "/mnt/" + name, "bind", {}, false};
  return request;
}

// What is below the share in the guest of a sandbox.
std::size_t guest_entries(const node_world& w,
                          const std::string& sandbox = "s1") {
  const auto dir
    = std::filesystem::directory_iterator{w.dir / ("guest-" + sandbox)};
  return static_cast<std::size_t>(std::distance(begin(dir), end(dir)));
}

// Runs until a request is answered, or some steps at random.
template <class Reply, class Pending>
std::optional<result<Reply>> await(node_world& w, Pending& pending) {
  for (int n = 0; n < 700; ++n) {
    w.settle();
    if (auto got = w.actors.answer<Reply>(pending))
      return got;
    w.actors.advance(100ms);
  }
  return std::nullopt;
}

} // namespace

TEST_SUITE_BEGIN("actors/sandbox");

TEST_CASE("Prepare is idempotent, other settings are refused and change "
          "nothing") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    w.add_sandbox("s1");
    const auto again = w.ask<prepare_reply>(preparation("s1"));
    REQUIRE(again);
    // The directories below the share root are the shim's.
    CHECK(again->shared_dir.empty());
    CHECK(again->mounts_dir.empty());
    auto other = preparation("s1");
    other.guest_address = "unix:///other";
    const auto refused = w.ask<prepare_reply>(other);
    CHECK(code(refused) == errc::already_exists);
    CHECK(w.ask<prepare_reply>(preparation("s1")));
  });
}

TEST_CASE("Cleanup leaves nothing, is idempotent, and of an unknown sandbox "
          "has nothing to do") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    CHECK(w.ask<cleanup_reply>(cleanup_request{"s1"}));
    w.add_sandbox("s1");
    CHECK(std::filesystem::is_empty(w.dir / "sandboxes"));
    CHECK(std::filesystem::exists(w.dir / "socket.copies/s1"));
    CHECK(w.ask<cleanup_reply>(cleanup_request{"s1"}));
    CHECK(std::filesystem::is_empty(w.dir / "socket.copies"));
    CHECK(w.ask<cleanup_reply>(cleanup_request{"s1"}));
    auto other = preparation("s1");
    other.guest_share_dir = "/elsewhere";
    CHECK(w.ask<prepare_reply>(other));
  });
}

TEST_CASE("what is not prepared is NOT_FOUND") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.add_sandbox("s1");
    REQUIRE(w.ask<cleanup_reply>(cleanup_request{"s1"}));
    for (const auto* id : {"s1", "s2"}) {
      const std::string s = id;
      CHECK(code(w.ask<share_file_reply>(file_request(w, "x", s)))
            == errc::not_found);
      CHECK(
        code(w.ask<unshare_file_reply>(unshare_file_request{s, "c", "/x", {}}))
        == errc::not_found);
      CHECK(
        code(w.ask<unshare_container_reply>(unshare_container_request{s, "c"}))
        == errc::not_found);
      CHECK(code(w.ask<start_watcher_reply>(start_watcher_request{s}))
            == errc::not_found);
      CHECK(code(w.ask<stop_watcher_reply>(stop_watcher_request{s}))
            == errc::not_found);
      CHECK(code(w.ask<get_sandbox_reply>(get_sandbox_request{s}))
            == errc::not_found);
    }
  });
}

TEST_CASE("a sandbox that an earlier process prepared is neither prepared nor "
          "cleaned up") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.dir.write("sandboxes/s1/.fsshare", render_share_mark({"s1"}));
    w.dir.write("socket.copies/s2", render_share_mark({"s2"}));
    for (const std::string id : {"s1", "s2"}) {
      auto request = preparation(id);
      if (id == "s1") {
        request.mode = sharing_mode::shared_filesystem;
        request.guest_address.clear();
      }
      const auto refused = w.ask<prepare_reply>(request);
      CHECK(code(refused) == errc::failed_precondition);
      CHECK(message(refused).find("bears our mark") != std::string::npos);
      CHECK(code(w.ask<cleanup_reply>(cleanup_request{id}))
            == errc::failed_precondition);
    }
    CHECK(std::filesystem::exists(w.dir / "sandboxes/s1/.fsshare"));
    CHECK(std::filesystem::exists(w.dir / "socket.copies/s2"));
    CHECK(w.ask<cleanup_reply>(cleanup_request{"s2", true}));
    w.add_sandbox("s2");
  });
}

TEST_CASE("a shim's own directories keep no sandbox from being copied to, nor "
          "from being forgotten: they are listed and stay") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    const auto theirs = w.dir.write("sandboxes/s1/rw/passthrough/x", "x");
    w.add_sandbox("s1");
    // Also of a sandbox that is not known any more.
    for (int i = 0; i < 2; ++i) {
      const auto done = w.ask<cleanup_reply>(cleanup_request{"s1"});
      REQUIRE(done);
      REQUIRE(done->foreign.size() == 1);
      CHECK(done->foreign[0].path == w.dir / "sandboxes/s1");
      CHECK(read_file(theirs) == "x");
      const auto listed = w.ask<list_sandboxes_reply>(list_sandboxes_request{});
      REQUIRE(listed);
      CHECK(listed->sandboxes.empty());
    }
    CHECK(w.ask<prepare_reply>(preparation("s1")));
  });
}

TEST_CASE(
  "what an earlier process prepared is taken away on request, what this "
  "one prepared is not") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.dir.write("sandboxes/s1/.fsshare", render_share_mark({"s1"}));
    w.dir.make_dir("sandboxes/s1/mounts");
    w.dir.write("sandboxes/s2/mounts/theirs", "x");
    w.add_sandbox("s3");
    const auto discard = [&w](const std::string& id) {
      return w.ask<cleanup_reply>(cleanup_request{id, true});
    };
    CHECK(discard("s1"));
    CHECK_FALSE(std::filesystem::exists(w.dir / "sandboxes/s1"));
    CHECK(discard("s1"));
    w.add_sandbox("s1");
    for (const auto* id : {"s1", "s3"}) {
      const auto refused = discard(id);
      CHECK(code(refused) == errc::failed_precondition);
      CHECK_MESSAGE(message(refused).find("this node agent prepared it")
                      != std::string::npos,
                    message(refused));
      CHECK(
        std::filesystem::exists(w.dir / ("socket.copies/" + std::string{id})));
    }
    CHECK(code(discard("s2")) == errc::failed_precondition);
    CHECK(read_file(w.dir / "sandboxes/s2/mounts/theirs") == "x");
    CHECK(w.ask<cleanup_reply>(cleanup_request{"s3"}));
  });
}

TEST_CASE("a sandbox whose directory holds what is not ours is taken away, and "
          "that is listed, then and later") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.dir.write("sandboxes/s1/.fsshare", render_share_mark({"s1"}));
    const auto theirs = w.dir.write("sandboxes/s1/mounts/c1/theirs", "x");
    for (const bool abandoned : {true, false, false}) {
      const auto done = w.ask<cleanup_reply>(cleanup_request{"s1", abandoned});
      REQUIRE_MESSAGE(done, message(done));
      REQUIRE(done->foreign.size() == 1);
      CHECK(done->foreign[0].path.starts_with(w.dir / "sandboxes/s1"));
      CHECK(read_file(theirs) == "x");
      CHECK_FALSE(std::filesystem::exists(w.dir / "sandboxes/s1/.fsshare"));
      const auto listed = w.ask<list_sandboxes_reply>(list_sandboxes_request{});
      REQUIRE(listed);
      CHECK(listed->sandboxes.empty());
    }
  });
}

TEST_CASE("the same ShareFile waits while the first runs and gets the same "
          "answer, then and later") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(some_payload());
    w.add_sandbox("s1");
    const auto request = w.volume_request("s1", "c1", "cm");
    auto first = w.actors.request(w.node, request);
    run_some(w, 60);
    auto second = w.actors.request(w.node, request);
    w.settle();
    const auto one = w.actors.answer<share_file_reply>(first);
    const auto two = w.actors.answer<share_file_reply>(second);
    REQUIRE((one && *one && two && *two));
    CHECK((**one).share_id == (**two).share_id);
    const auto three = w.ask<share_file_reply>(request);
    CHECK(three->share_id == (**one).share_id);
    CHECK(three->guest_path == (**one).guest_path);
    CHECK(three->generation == (**one).generation);
    CHECK(guest_entries(w) == 1);
  });
}

TEST_CASE("another mount under the same key is ALREADY_EXISTS, naming both") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(some_payload());
    w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    auto other = w.volume_request("s1", "c1", "cm");
    other.mount.options = {"ro"};
    const auto refused = w.ask<share_file_reply>(other);
    CHECK(code(refused) == errc::already_exists);
    other.mount.source = w.dir / "elsewhere";
    const auto elsewhere = w.ask<share_file_reply>(other);
    CHECK(code(elsewhere) == errc::already_exists);
    CHECK(message(elsewhere).find(w.volume_path("cm")) != std::string::npos);
    CHECK(message(elsewhere).find(w.dir / "elsewhere") != std::string::npos);
    // Another container is another key.
    CHECK(w.ask<share_file_reply>(w.volume_request("s1", "c2", "cm")));
  });
}

namespace {

// Asks for a share as an API client does, and may die.
caf::actor spawn_caller(node_world& w, share_file_request request) {
  // With arguments: CAF 0.17.6 binds a null reference without any.
  return w.actors.track(w.actors.system.spawn(
    [](caf::event_based_actor* self, const node_actor& node,
       const share_file_request& wanted) -> caf::behavior {
      self->request(node, caf::infinite, wanted)
        .then([](const share_file_reply&) {}, [](caf::error&) {});
      return {[](int) {}};
    },
    w.node, std::move(request)));
}

} // namespace

TEST_CASE("a ShareFile whose caller dies half-way is finished, and the same "
          "request again gets its answer") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(some_payload());
    w.dir.write("plain", "a file");
    w.add_sandbox("s1");
    const bool is_volume = choose.one_in(2);
    const auto request = is_volume ? w.volume_request("s1", "c1", "cm")
                                   : file_request(w, "plain");
    const auto caller = spawn_caller(w, request);
    run_some(w, 70);
    caf::anon_send_exit(caller, caf::exit_reason::kill);
    // At once, or when it has ended by itself.
    if (choose.one_in(2))
      w.settle();
    const auto again = w.ask<share_file_reply>(request);
    REQUIRE_MESSAGE(again, message(again));
    w.settle();
    CHECK(guest_entries(w) == 1);
    if (is_volume)
      w.check_equal("cm", "s1", again->share_id);
    else
      CHECK(read_file(w.guest_dir("s1", again->share_id)) == "a file");
    const auto shown = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(shown->shares.listed.size() == 1);
    CHECK(shown->shares.listed.front().ready);
    CHECK(shown->shares.listed.front().share_id == again->share_id);
  });
}

TEST_CASE("a ShareFile whose caller dies and whose copy fails is undone, and "
          "the same request again begins anew") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(some_payload());
    w.add_sandbox("s1");
    const auto request = w.volume_request("s1", "c1", "cm");
    const auto caller = spawn_caller(w, request);
    run_some(w, 70);
    caf::anon_send_exit(caller, caf::exit_reason::kill);
    w.fail_one_in = 4;
    w.settle();
    w.fail_one_in = 0;
    w.pass(500ms);
    const auto again = w.ask<share_file_reply>(request);
    REQUIRE_MESSAGE(again, message(again));
    w.settle();
    w.check_equal("cm", "s1", again->share_id);
  });
}

TEST_SUITE_END();
