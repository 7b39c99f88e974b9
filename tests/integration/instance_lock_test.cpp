// SPDX-License-Identifier: Apache-2.0
#include "sys/process/instance_lock.hpp"

#include "tests/support/private_mounts.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

TEST_SUITE_BEGIN("sys/process/instance_lock");

using namespace fsshare;

namespace {

/// A process that runs `work` and then stays until the end of the test.
class other_process {
public:
  explicit other_process(const std::function<bool()>& work) {
    int ends[2] = {-1, -1};
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      const char done = work() ? 'y' : 'n';
      static_cast<void>(::write(ends[1], &done, 1));
      for (;;)
        ::pause();
    }
    ::close(ends[1]);
    char done = 'n';
    static_cast<void>(::read(ends[0], &done, 1));
    ::close(ends[0]);
    worked_ = done == 'y';
  }
  ~other_process() {
    end();
  }
  other_process(const other_process&) = delete;
  other_process& operator=(const other_process&) = delete;

  bool worked() const {
    return worked_;
  }
  void end() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

private:
  pid_t pid_ = -1;
  bool worked_ = false;
};

using claim = std::function<result<instance_lock>()>;

claim on_root(const std::string& path) {
  return [path] {
    return instance_lock::on_directory("share root", path);
  };
}

claim on_socket(const std::string& path) {
  return [path] {
    return instance_lock::on_file("the lock of the control socket", path);
  };
}

/// What a process has that was left by one that is dead: its descriptors.
class left_over {
public:
  /// The process claims, leaves another one behind, and ends.
  /// @param reap Whether its parent waits for it at once, or at the end.
  left_over(const claim& take, bool reap) {
    int ends[2] = {-1, -1};
    REQUIRE(::pipe(ends) == 0);
    const auto killed = ::fork();
    REQUIRE(killed >= 0);
    if (killed == 0) {
      const auto held = take();
      const auto rest = held ? ::fork() : -1;
      if (rest == 0)
        for (;;)
          ::pause();
      static_cast<void>(::write(ends[1], &rest, sizeof rest));
      ::_exit(0);
    }
    ::close(ends[1]);
    static_cast<void>(::read(ends[0], &rest_, sizeof rest_));
    ::close(ends[0]);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(killed), &ended, WEXITED | WNOWAIT);
    if (reap)
      ::waitpid(killed, nullptr, 0);
    else
      dead_ = killed;
    REQUIRE(rest_ > 0);
  }
  void end() const {
    ::kill(rest_, SIGKILL);
  }
  ~left_over() {
    end();
    if (dead_ > 0)
      ::waitpid(dead_, nullptr, 0);
  }
  left_over(const left_over&) = delete;
  left_over& operator=(const left_over&) = delete;

private:
  pid_t rest_ = -1;
  pid_t dead_ = -1;
};

} // namespace

TEST_CASE("a claim is refused while its process lives, and free afterwards") {
  const test::temp_dir dir;
  for (const auto& take : {on_root(dir.path()), on_socket(dir / "api.lock")}) {
    other_process other{[&take] {
      static auto held = take();
      return static_cast<bool>(held);
    }};
    REQUIRE(other.worked());
    const auto refused = take();
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::already_exists);
    CHECK(refused.err().message.find(" is in use by process ")
          != std::string::npos);
    other.end();
    CHECK(take());
  }
}

TEST_CASE("what was left of a dead process keeps nobody out, and the next one "
          "only one of those that come") {
  for (const bool reap : {true, false}) {
    const test::temp_dir dir;
    const auto root = dir.make_dir("share");
    for (const auto& take : {on_root(root), on_socket(dir / "api.lock")}) {
      const left_over rest{take, reap};
      {
        const auto held = take();
        REQUIRE(held);
        other_process second{[&take] {
          const auto got = take();
          return !got && got.err().code == errc::already_exists;
        }};
        CHECK(second.worked());
      }
      const left_over next{take, reap};
      CHECK(take());
    }
  }
}

TEST_CASE("what a dead process left that ends a little later is waited for") {
  const test::temp_dir dir;
  const auto root = dir.make_dir("share");
  for (const auto& take : {on_root(root), on_socket(dir / "api.lock")}) {
    left_over rest{take, true};
    std::thread later{[&rest] {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      rest.end();
    }};
    const auto got = take();
    later.join();
    CHECK_MESSAGE(got, (got ? "" : got.err().message));
  }
  // No other file took the place of one of them.
  for (const auto& entry : std::filesystem::directory_iterator{dir.path()}) {
    const auto name = entry.path().filename().string();
    CHECK_MESSAGE((name == "share" || name == "api.lock"), name);
  }
}

TEST_CASE("locks of other filesystems on the same inode number are nobody's "
          "here") {
  const test::private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  // The roots of all of them have one number.
  std::vector<std::unique_ptr<other_process>> others;
  const auto add_others = [&](const std::string& prefix) {
    for (int i = 0; i < 4; ++i) {
      const auto root = work.mount_tmpfs(prefix + std::to_string(i));
      others.push_back(std::make_unique<other_process>([root] {
        auto held = on_root(root)();
        static const auto kept = std::move(held);
        return static_cast<bool>(kept);
      }));
      REQUIRE(others.back()->worked());
    }
  };
  add_others("before");
  const auto mine = work.mount_tmpfs("mine");
  CHECK(instance_lock::holder_of_directory(mine) == 0);
  const left_over rest{on_root(mine), true};
  add_others("after");
  const auto got = on_root(mine)();
  CHECK_MESSAGE(got, (got ? "" : got.err().message));
  CHECK(instance_lock::holder_of_directory(work / "before0") != 0);
}

TEST_SUITE_END();
