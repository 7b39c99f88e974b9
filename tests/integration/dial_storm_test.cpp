// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_dialer.hpp"
#include "tests/support/inbox.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t sandboxes = 200;
constexpr int backlog = 512;

/// The guests of a node, all behind one hybrid vsock.
class crowd {
public:
  explicit crowd(const guest_address& address)
    : listening_(test::listen_at(address, backlog)) {
  }

  /// Answers as many handshakes, one after the other, each only when no other
  /// guest is called before that.
  void answer(std::size_t count) {
    while (answered_.size() < count) {
      while (is_called(called_.empty() ? 20'000 : 2))
        called_.emplace_back(
          ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      REQUIRE_FALSE(called_.empty());
      most_called_ = std::max(most_called_, called_.size());
      REQUIRE(::send(called_.front().get(), "OK 1\n", 5, MSG_NOSIGNAL) == 5);
      answered_.push_back(std::move(called_.front()));
      called_.pop_front();
    }
  }

  /// Returns how many waited for an answer at the same time.
  std::size_t most_called() const {
    return most_called_;
  }

private:
  bool is_called(int limit_ms) {
    pollfd wait{listening_.get(), POLLIN, 0};
    return ::poll(&wait, 1, limit_ms) == 1;
  }

  unique_fd listening_;
  std::deque<unique_fd> called_;
  std::vector<unique_fd> answered_;
  std::size_t most_called_ = 0;
};

struct fixture {
  // See the tests of the dialer for the order.
  io_loop loop;
  test::temp_dir dir;
  test::inbox<result<byte_stream_ptr>> dialed;

  ~fixture() {
    loop.stop();
  }

  guest_address at(const std::string& name) const {
    return {address_scheme::hybrid_vsock, dir / name, 0, 1024};
  }

  void dial(dialer& by, const guest_address& address, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      by.dial(address, [this](auto got) {
        dialed.put(std::move(got));
      });
  }

  /// Waits for the ends of so many dials; returns how many are connected.
  std::size_t connected_of(std::size_t count) {
    std::size_t connected = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto got = dialed.take();
      REQUIRE(got);
      connected += *got ? 1 : 0;
    }
    return connected;
  }
};

} // namespace

TEST_SUITE_BEGIN("sys/dial_storm");

TEST_CASE_FIXTURE(fixture, "guests that come back all at once are called a few "
                           "at a time, and all are reached") {
  constexpr std::size_t slots = 16;
  socket_dialer dialer{loop, {.gate = {slots, 20s}}};
  dial(dialer, at("guests"), sandboxes);
  CHECK(connected_of(sandboxes) == 0);

  crowd guests{at("guests")};
  dial(dialer, at("guests"), sandboxes);
  guests.answer(sandboxes);

  CHECK(connected_of(sandboxes) == sandboxes);
  CHECK(guests.most_called() <= slots);
  CHECK(guests.most_called() > 1);
}

TEST_CASE_FIXTURE(fixture, "guests that never answer hold up no other") {
  constexpr std::size_t hanging = 40;
  socket_dialer dialer{loop, {.limit = 60s, .gate = {4, 5ms}}};
  const auto hangs = test::listen_at(at("hangs"), backlog);
  crowd guests{at("guests")};

  dial(dialer, at("hangs"), hanging);
  dial(dialer, at("guests"), sandboxes - hanging);
  guests.answer(sandboxes - hanging);

  CHECK(connected_of(sandboxes - hanging) == sandboxes - hanging);
  CHECK(dialed.is_empty());
}

TEST_CASE_FIXTURE(fixture, "dials that ended at their limit let others begin") {
  socket_dialer dialer{loop, {.limit = 50ms, .gate = {2, 20s}}};
  const auto hangs = test::listen_at(at("hangs"), backlog);
  crowd guests{at("guests")};

  dial(dialer, at("hangs"), 5);
  CHECK(connected_of(5) == 0);
  dial(dialer, at("guests"), 5);
  guests.answer(5);

  CHECK(connected_of(5) == 5);
}

TEST_CASE_FIXTURE(fixture, "dials that wait when the loop stops are dropped") {
  const auto hangs = test::listen_at(at("hangs"), backlog);
  const auto held = std::make_shared<int>();
  {
    socket_dialer dialer{loop, {.limit = 60s, .gate = {1, 60s}}};
    for (int i = 0; i < 3; ++i)
      dialer.dial(at("hangs"), [this, held](auto got) {
        dialed.put(std::move(got));
      });
  }

  loop.stop();

  CHECK(dialed.is_empty());
  CHECK(held.use_count() == 1);
}

TEST_SUITE_END();
