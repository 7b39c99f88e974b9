// SPDX-License-Identifier: Apache-2.0
#include "sys/process/kernel_processes.hpp"

#include "core/pacing.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

using waiting = kernel_processes::waiting;

child_process a_process() {
  return child_process{{"/bin/sleep", "1000"}};
}

struct fixture {
  io_loop loop;
  std::shared_ptr<kernel_processes> processes
    = std::make_shared<kernel_processes>(loop);

  process_identity identity(int pid) {
    const auto found = processes->identify(pid);
    REQUIRE_MESSAGE(found, (found ? "" : found.err().message));
    return *found;
  }
};

/// Returns what the loop has done by now.
void await(io_loop& loop) {
  std::atomic<bool> is_done{false};
  loop.post([&is_done] {
    is_done = true;
  });
  REQUIRE(eventually([&is_done] {
    return is_done.load();
  }));
}

} // namespace

TEST_SUITE_BEGIN("sys/kernel_processes");

TEST_CASE("the start of a process is found behind any name") {
  const auto of = [](const std::string& name, const std::string& rest) {
    return parse_process_stat("12 (" + name + ") " + rest);
  };
  const std::string fields
    = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 21 18 987654 20";
  for (const auto* name : {"sleep", "a b", "a) S 1 1 1 1", ") (", "\n", ""}) {
    const auto stat = of(name, fields);
    REQUIRE(stat);
    CHECK(stat->state == 'S');
    CHECK(stat->threads == 21);
    CHECK(stat->start_time == 987654);
  }
  CHECK_FALSE(of("sleep", "S 1 2 3"));
  CHECK_FALSE(of("sleep", ""));
  CHECK_FALSE(parse_process_stat("12 sleep S"));
  CHECK_FALSE(parse_process_stat(""));
  CHECK_FALSE(
    of("sleep", "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 21 18 x 20"));
}

TEST_CASE("a zombie has ended, unless other threads of it run") {
  CHECK(process_stat{'Z', 1, 5}.has_ended());
  CHECK(process_stat{'X', 0, 5}.has_ended());
  CHECK_FALSE(process_stat{'Z', 2, 5}.has_ended());
  CHECK_FALSE(process_stat{'S', 1, 5}.has_ended());
}

TEST_CASE_FIXTURE(fixture, "a process is told from others, and has an identity "
                           "as long as it runs") {
  auto child = a_process();
  const auto self = identity(::getpid());
  const auto other = identity(child.pid());
  CHECK(self != other);
  CHECK(self == identity(::getpid()));
  CHECK(self.start_time > 0);
  CHECK(self.pid_namespace == *processes->pid_namespace());
  // Another one that looks calls it the same.
  const auto again = std::make_shared<kernel_processes>(loop);
  CHECK(*again->identify(child.pid()) == other);
  child.signal(SIGKILL);
  child.wait();
  for (const auto pid : {child.pid(), 0, -1, 1 << 22}) {
    const auto none = processes->identify(pid);
    REQUIRE_FALSE(none);
    CHECK(none.err().code == errc::not_found);
  }
}

TEST_CASE("the end of a process is told once, of a zombie, too") {
  for (const auto how : {waiting::by_descriptor, waiting::by_looks}) {
    CAPTURE(static_cast<int>(how));
    io_loop loop;
    const auto processes = std::make_shared<kernel_processes>(loop, how);
    auto child = a_process();
    const auto who = processes->identify(child.pid());
    REQUIRE(who);
    std::atomic<int> ends{0};
    processes->watch(*who, [&ends, &who](const process_identity& gone) {
      if (gone == *who)
        ++ends;
    });
    await(loop);
    CHECK(ends == 0);
    // Nobody waits for it yet.
    child.signal(SIGKILL);
    REQUIRE(eventually([&ends] {
      return ends > 0;
    }));
    child.wait();
    await(loop);
    CHECK(ends == 1);
    // Of one that has ended it is told at once.
    processes->watch(*who, [&ends](const process_identity&) {
      ++ends;
    });
    await(loop);
    CHECK(ends == 2);
  }
}

TEST_CASE("another process with the same number is not waited for") {
  for (const auto how : {waiting::by_descriptor, waiting::by_looks}) {
    io_loop loop;
    const auto processes = std::make_shared<kernel_processes>(loop, how);
    auto former = *processes->identify(::getpid());
    --former.start_time;
    std::atomic<int> ends{0};
    processes->watch(former, [&ends](const process_identity&) {
      ++ends;
    });
    await(loop);
    CHECK(ends == 1);
  }
}

TEST_CASE_FIXTURE(fixture, "what is not watched any more is not told") {
  auto child = a_process();
  auto other = a_process();
  std::atomic<int> ends{0};
  std::atomic<int> others{0};
  processes->watch(identity(child.pid()), [&ends](const process_identity&) {
    ++ends;
  });
  processes->watch(identity(other.pid()), [&others](const process_identity&) {
    ++others;
  });
  processes->unwatch(identity(child.pid()));
  processes->unwatch(identity(child.pid()));
  await(loop);
  child.signal(SIGKILL);
  child.wait();
  other.signal(SIGKILL);
  REQUIRE(eventually([&others] {
    return others == 1;
  }));
  await(loop);
  CHECK(ends == 0);
}

TEST_CASE_FIXTURE(fixture, "who connects is not taken for another process with "
                           "its number") {
  auto child = a_process();
  const unique_fd pidfd{
    static_cast<int>(::syscall(SYS_pidfd_open, child.pid(), 0))};
  REQUIRE(pidfd);
  CHECK(*processes->identify_peer(child.pid(), &pidfd)
        == identity(child.pid()));
  CHECK(*processes->identify_peer(child.pid(), nullptr)
        == identity(child.pid()));
  child.signal(SIGKILL);
  child.wait();
  // As if this one had got the number.
  const auto reused = processes->identify_peer(::getpid(), &pidfd);
  REQUIRE_FALSE(reused);
  CHECK(reused.err().code == errc::not_found);
  const auto far = processes->identify_peer(0, nullptr);
  REQUIRE_FALSE(far);
  CHECK(far.err().code == errc::failed_precondition);
}

TEST_CASE_FIXTURE(fixture, "numbers of another PID namespace are not taken for "
                           "ours") {
  const auto self = identity(::getpid());
  CHECK(*processes->identify_for(self, ::getpid()) == self);
  auto ended = self;
  --ended.start_time;
  CHECK_FALSE(processes->identify_for(ended, ::getpid()));
  // Its child has PID 1 there, as init has here.
  child_process outer{{"/usr/bin/unshare", "--map-root-user", "--pid", "--fork",
                       "--kill-child", "/bin/sleep", "1000"}};
  std::optional<process_identity> inner;
  const auto children = "/proc/" + std::to_string(outer.pid()) + "/task/"
                        + std::to_string(outer.pid()) + "/children";
  const bool is_there = eventually([&] {
    const unique_fd fd{::open(children.c_str(), O_RDONLY | O_CLOEXEC)};
    std::string text(32, '\0');
    const auto got = ::read(fd.get(), text.data(), text.size());
    if (got <= 0)
      return false;
    const auto found = processes->identify(std::stoi(text));
    inner = found ? std::optional{*found} : std::nullopt;
    return inner.has_value();
  });
  REQUIRE(is_there);
  const auto named = processes->identify_for(*inner, 1);
  REQUIRE_FALSE(named);
  CHECK(named.err().code == errc::failed_precondition);
  CHECK(named.err().message.find("another PID namespace") != std::string::npos);
}

TEST_SUITE_END();
