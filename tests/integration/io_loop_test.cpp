// SPDX-License-Identifier: Apache-2.0
#include "sys/net/io_loop.hpp"

#include "tests/support/inbox.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace fsshare;
using namespace std::chrono_literals;
using test::inbox;

namespace {

struct pipe_ends {
  std::shared_ptr<unique_fd> out;
  unique_fd in;
};

pipe_ends make_pipe() {
  std::array<int, 2> fds{};
  REQUIRE(::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  return {std::make_shared<unique_fd>(fds[0]), unique_fd{fds[1]}};
}

} // namespace

TEST_SUITE_BEGIN("sys/net/io_loop");

TEST_CASE("tasks run in the thread of the loop in the order of the posts") {
  inbox<int> got;
  io_loop loop;
  CHECK_FALSE(loop.is_loop_thread());

  for (int i = 0; i < 100; ++i)
    loop.post([&, i] {
      got.put(loop.is_loop_thread() ? i : -1);
    });

  for (int i = 0; i < 100; ++i)
    CHECK(got.take() == i);
}

TEST_CASE("an fd is reported while it is readable, and not after del") {
  inbox<char> got;
  io_loop loop;
  auto pipe = make_pipe();
  auto fd = pipe.out;
  const auto id = loop.add(fd->get(), readable, [&got, fd](readiness ready) {
    char byte = 0;
    if ((ready & readable) != 0 && ::read(fd->get(), &byte, 1) == 1)
      got.put(byte);
  });

  REQUIRE(::write(pipe.in.get(), "ab", 2) == 2);
  CHECK(got.take() == 'a');
  CHECK(got.take() == 'b');

  loop.del(id);
  inbox<bool> done;
  loop.post([&] {
    done.put(true);
  });
  REQUIRE(done.take());
  REQUIRE(::write(pipe.in.get(), "c", 1) == 1);
  loop.post([&] {
    done.put(true);
  });
  REQUIRE(done.take());
  CHECK(got.is_empty());
}

TEST_CASE("del lets go of the callback, so that its fd can close") {
  io_loop loop;
  auto pipe = make_pipe();
  const auto fd = pipe.out->get();
  std::weak_ptr<unique_fd> watched = pipe.out;
  const auto id = loop.add(fd, readable, [kept = pipe.out](readiness) {});
  pipe.out.reset();
  CHECK_FALSE(watched.expired());

  loop.del(id);
  inbox<bool> done;
  loop.post([&] {
    done.put(true);
  });
  REQUIRE(done.take());

  CHECK(watched.expired());
}

TEST_CASE("an fd that epoll refuses is reported as failed") {
  inbox<readiness> got;
  io_loop loop;
  // Regular files are always ready; epoll takes none (epoll_ctl(2), EPERM).
  auto file = std::make_shared<unique_fd>(
    ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  REQUIRE(*file);

  loop.add(file->get(), readable, [&, file](readiness ready) {
    got.put(ready);
  });

  CHECK(got.take() == failed);
}

TEST_CASE("timers fire once, the earlier due first") {
  inbox<int> got;
  io_loop loop;

  loop.after(40ms, [&] {
    got.put(2);
  });
  loop.after(5ms, [&] {
    got.put(1);
  });

  CHECK(got.take() == 1);
  CHECK(got.take() == 2);
  inbox<bool> later;
  loop.after(50ms, [&] {
    later.put(true);
  });
  REQUIRE(later.take());
  CHECK(got.is_empty());
}

TEST_CASE("a cancelled timer does not fire") {
  inbox<int> got;
  io_loop loop;
  const auto timer = loop.after(10ms, [&] {
    got.put(1);
  });

  loop.cancel(timer);
  loop.after(40ms, [&] {
    got.put(2);
  });

  CHECK(got.take() == 2);
  CHECK(got.is_empty());
}

TEST_CASE("stop drops what is waiting and makes later calls do nothing") {
  inbox<int> got;
  auto token = std::make_shared<int>(0);
  io_loop loop;
  loop.after(1h, [&, token] {
    got.put(1);
  });
  auto pipe = make_pipe();
  loop.add(pipe.out->get(), readable, [fd = pipe.out, token](readiness) {});

  loop.stop();
  loop.stop();
  loop.post([&, token] {
    got.put(2);
  });

  CHECK(token.use_count() == 1);
  CHECK(got.is_empty());
}

TEST_CASE("what a callback throws is reported, and the loop goes on") {
  inbox<std::string> reported;
  inbox<int> got;
  io_loop loop{[&reported](const std::string& what) {
    reported.put(what);
  }};
  const auto fail = [](const char* what) {
    return [what] {
      throw std::runtime_error{what};
    };
  };
  loop.post(fail("task"));
  loop.post([] {
    throw 1; // NOLINT(hicpp-exception-baseclass)
  });
  CHECK(reported.take() == "task");
  CHECK(reported.take() == "an unknown exception");
  loop.after(1ms, fail("timer"));
  CHECK(reported.take() == "timer");
  auto pipe = make_pipe();
  loop.add(pipe.out->get(), readable, [fd = pipe.out](readiness) {
    char byte = 0;
    if (::read(fd->get(), &byte, 1) == 1)
      throw std::runtime_error{"fd"};
  });
  for (int n = 0; n < 2; ++n) {
    REQUIRE(::write(pipe.in.get(), "x", 1) == 1);
    CHECK(reported.take() == "fd");
  }
  loop.post([&got] {
    got.put(1);
  });
  CHECK(got.take() == 1);
}

TEST_CASE("the thread of the loop may ask for the stop") {
  inbox<bool> got;
  {
    io_loop loop;
    loop.post([&] {
      loop.stop();
      got.put(true);
    });
    REQUIRE(got.take());
  }
  CHECK(got.is_empty());
}

TEST_CASE("many threads add, post and delete at once") {
  inbox<int> got;
  io_loop loop;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto pipe = make_pipe();
        auto fd = pipe.out;
        const auto id = loop.add(fd->get(), readable, [fd](readiness) {});
        loop.post([&] {
          got.put(1);
        });
        loop.del(id);
      }
    });
  for (auto& thread : threads)
    thread.join();

  for (int i = 0; i < 800; ++i)
    REQUIRE(got.take());
}

TEST_SUITE_END();
