// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "actors/node.hpp"
#include "actors/reader_pool.hpp"
#include "actors/sandbox.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/base64_text.hpp"
#include "tests/support/fake_mounts.hpp"
#include "tests/support/in_place_runner.hpp"
#include "tests/support/temp_dir.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

using namespace fsshare;

namespace {

using server = caf::typed_actor<rpc<get_sandbox_request, get_sandbox_reply>,
                                rpc<cleanup_request, cleanup_reply>>;

/// Throws when it is asked about "throw", before or after its promise; keeps
/// every other promise, until it ends.
struct thrower_state {
  using handle = server;
  static constexpr const char* name = "thrower";

  explicit thrower_state(handle::pointer self) : self_(self) {
  }
  const std::string& sandbox_id() const {
    return sandbox_id_;
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const get_sandbox_request& msg) -> caf::result<get_sandbox_reply> {
        if (msg.sandbox_id == "throw early")
          throw std::runtime_error{"broke early"};
        if (msg.sandbox_id == "answer")
          return get_sandbox_reply{};
        const reply_promise<get_sandbox_reply> promise{self_};
        if (msg.sandbox_id == "throw late")
          throw std::runtime_error{"broke late"};
        if (msg.sandbox_id == "no thread")
          throw std::system_error{
            std::make_error_code(std::errc::resource_unavailable_try_again)};
        if (msg.sandbox_id != "forget")
          kept_.push_back(promise);
        return promise;
      },
      [](const cleanup_request&) {
        return cleanup_reply{};
      },
    };
  }

private:
  handle::pointer self_;
  std::string sandbox_id_ = "box";
  std::vector<reply_promise<get_sandbox_reply>> kept_;
};

/// Passes requests on, and answers in a response handler that may throw.
struct relay_state {
  using handle = server;
  static constexpr const char* name = "relay";

  relay_state(handle::pointer self, server to)
    : self_(self), to_(std::move(to)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const get_sandbox_request& msg) -> caf::result<get_sandbox_reply> {
        const reply_promise<get_sandbox_reply> promise{self_};
        const bool is_to_throw = msg.sandbox_id == "throw in response";
        ask(self_, to_, cleanup_request{})
          .then(
            [promise, is_to_throw](const cleanup_reply&) {
              if (is_to_throw)
                throw std::runtime_error{"broke in a response"};
              promise.deliver(get_sandbox_reply{});
            },
            [promise](caf::error& err) {
              promise.deliver(std::move(err));
            });
        return promise;
      },
      [](const cleanup_request&) {
        return cleanup_reply{};
      },
    };
  }

private:
  handle::pointer self_;
  server to_;
};

struct fixture : test::actor_fixture {
  auto get(const server& to, const std::string& what) {
    get_sandbox_request request;
    request.sandbox_id = what;
    return call<get_sandbox_reply>(to, request);
  }
  /// The only death there was; fails the case for any other number.
  actor_death death() {
    const auto all = take_deaths();
    REQUIRE(all.size() == 1);
    return all.front();
  }
};

/// What nydusd was asked.
struct image_log_state {
  using handle = nydus_actor;
  static constexpr const char* name = "image-log";

  image_log_state(handle::pointer, std::shared_ptr<std::vector<std::string>> to)
    : log(std::move(to)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const mount_rafs& msg) {
        log->push_back("mount " + msg.mount.mountpoint);
        return rafs_mounted{};
      },
      [this](const unmount_rafs& msg) {
        for (const auto& one : msg.mountpoints)
          log->push_back("unmount " + one);
        return rafs_unmounted{};
      },
    };
  }
  std::shared_ptr<std::vector<std::string>> log;
};

/// NODE with real SANDBOXes.
struct node_fixture : test::actor_fixture {
  std::shared_ptr<test::fake_mounts> mounts
    = std::make_shared<test::fake_mounts>();
  std::shared_ptr<std::vector<std::string>> images
    = std::make_shared<std::vector<std::string>>();
  std::shared_ptr<test::in_place_runner> readers
    = std::make_shared<test::in_place_runner>();
  test::temp_dir dir;
  bool has_threads = true;
  sandbox_neighbours with = neighbours();
  node_actor node = spawn<state_actor<node_state>>(
    [this](const std::string& id,
           const std::optional<sandbox_remains>& remains) {
      sandbox_options options{id, "/r", "/g/containers", submounts::take};
      options.remains = remains;
      return spawn<state_actor<sandbox_state>>(options, with);
    },
    registry_actor{});

  sandbox_neighbours neighbours() {
    sandbox_neighbours out;
    out.mounter = spawn<mounter>(mounts);
    out.reader = spawn<reader_pool>(reader_pool_options{}, readers,
                                    read_queue::settings{});
    out.nonce = []() -> std::uint64_t {
      return 1;
    };
    out.make_nydus = [this](const std::string&) {
      return try_spawn<nydus_actor>("start a thread for nydusd", [this] {
        if (!has_threads)
          throw std::system_error{
            std::make_error_code(std::errc::resource_unavailable_try_again)};
        return spawn<state_actor<image_log_state>>(images);
      });
    };
    return out;
  }
  result<prepare_reply> prepare(const std::string& id) {
    prepare_request request;
    request.sandbox_id = id;
    request.mode = sharing_mode::shared_filesystem;
    request.nydusd_socket = "/n.sock";
    return ask<prepare_reply>(node, request);
  }
  result<share_file_reply> share(const std::string& id) {
    share_file_request request;
    request.sandbox_id = id;
    request.container_id = "c1";
    request.mount.source = dir.path();
    request.mount.destination = "/d";
    return ask<share_file_reply>(node, request);
  }
  result<share_rootfs_reply> share_image(const std::string& id) {
    share_rootfs_request request;
    request.sandbox_id = id;
    request.container_id = "c1";
    request.rootfs.suffix = "rootfs";
    request.rootfs.type = "fuse.nydus-overlayfs";
    request.rootfs.options = {
      "extraoption="
      + test::base64_text(R"({"source":"/boot","config":"{}","snapshotdir":")"
                          + dir.path() + "\"}")};
    return ask<share_rootfs_reply>(node, request);
  }
  result<cleanup_reply> cleanup(const std::string& id) {
    return ask<cleanup_reply>(node, cleanup_request{id});
  }
};

} // namespace

TEST_SUITE_BEGIN("messages/state_actor");

TEST_CASE_FIXTURE(fixture, "what a handler throws is the death of its actor, "
                           "before and after a promise") {
  for (const std::string when : {"early", "late"}) {
    CAPTURE(when);
    // Whoever asked is to try again, not to believe what was half done.
    std::vector<std::size_t> with_news;
    on_death = [&] {
      with_news.push_back(ready());
    };
    const auto aut = spawn<state_actor<thrower_state>>();
    get(aut, "throw " + when);
    run();
    on_death = nullptr;
    const auto told = death();
    CHECK(told.actor == "thrower");
    CHECK(told.sandbox == "box");
    CHECK(told.why == "thrower: broke " + when);
    CHECK(with_news == std::vector<std::size_t>{0});
    const auto after = get(aut, "answer");
    run();
    REQUIRE(*after);
    CHECK_FALSE(**after);
  }
}

TEST_CASE("a death is told before anything that the actor owes is answered") {
  for (const std::string how : {"throw", "be killed"}) {
    CAPTURE(how);
    fixture f;
    std::vector<std::size_t> with_news;
    f.on_death = [&] {
      with_news.push_back(f.ready());
    };
    const auto aut = f.spawn<state_actor<thrower_state>>();
    const auto kept = f.get(aut, "keep");
    f.run();
    if (how == "throw")
      f.get(aut, "throw late");
    else
      caf::anon_send_exit(aut, caf::exit_reason::kill);
    f.run();
    CHECK(f.death().actor == "thrower");
    CHECK(with_news == std::vector<std::size_t>{0});
    // Where that returns, as the program does not, it is answered then.
    CHECK(*kept);
  }
}

TEST_CASE_FIXTURE(fixture, "an actor that somebody kills is dead, one that is "
                           "stopped, or of no use any more, is not") {
  auto aut = spawn<state_actor<thrower_state>>();
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  run();
  CHECK(death().actor == "thrower");
  aut = spawn<state_actor<thrower_state>>();
  stop(aut);
  run();
  aut = spawn<state_actor<thrower_state>>();
  aut = nullptr;
  run();
  CHECK(take_deaths().empty());
}

TEST_CASE_FIXTURE(fixture, "a limit of tasks is named") {
  const auto aut = spawn<state_actor<thrower_state>>();
  get(aut, "no thread");
  run();
  CHECK(death().why.find("pids.max") != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "a promise that is forgotten is answered") {
  const auto aut = spawn<state_actor<thrower_state>>();
  const auto asked = get(aut, "forget");
  run();
  REQUIRE(*asked);
  REQUIRE_FALSE(**asked);
  CHECK((*asked)->err().code == errc::internal);
}

TEST_CASE_FIXTURE(fixture, "a response handler that throws is the death of its "
                           "actor, not of whoever it asked") {
  const auto asked_by_it = spawn<state_actor<thrower_state>>();
  const auto aut = spawn<state_actor<relay_state>>(asked_by_it);
  const auto fine = get(aut, "relay");
  run();
  REQUIRE(*fine);
  CHECK(**fine);
  const auto asked = get(aut, "throw in response");
  run();
  CHECK(death().actor == "relay");
  const auto other = get(asked_by_it, "answer");
  run();
  REQUIRE(*other);
  CHECK(**other);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("actors/node");

TEST_CASE_FIXTURE(node_fixture, "a root filesystem that finds no thread is "
                                "refused by name, and nothing else suffers") {
  REQUIRE(prepare("box"));
  has_threads = false;
  const auto refused = share_image("box");
  REQUIRE_FALSE(refused);
  CHECK(refused.err().code == errc::resource_exhausted);
  CHECK(refused.err().message.find("pids.max") != std::string::npos);
  CHECK(share("box"));
  has_threads = true;
  CHECK(share_image("box"));
  CHECK(cleanup("box"));
}

TEST_SUITE_END();
