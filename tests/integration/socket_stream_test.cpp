// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_stream.hpp"

#include "tests/support/stream_inbox.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace fsshare;
using test::stream_inbox;

namespace {

struct socket_pair {
  unique_fd a;
  unique_fd b;
};

socket_pair make_sockets() {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                       fds.data())
          == 0);
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

bytes to_bytes(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

bytes make_pattern(std::size_t size, unsigned seed) {
  bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>(i * 31 + i / 251 + seed);
  return out;
}

/// Stops the thread of a loop between two waits.
class held_loop {
public:
  explicit held_loop(io_loop& loop) : loop_(loop) {
    std::array<int, 2> fds{};
    REQUIRE(::pipe2(fds.data(), O_CLOEXEC) == 0);
    read_.reset(fds[0]);
    write_.reset(fds[1]);
    id_ = loop_.add(read_.get(), readable, [this](readiness) {
      char byte = 0;
      if (::read(read_.get(), &byte, 1) != 1)
        return;
      held_.put(1);
      (void)released_.take();
    });
    turn();
  }
  ~held_loop() {
    loop_.del(id_);
    turn();
  }
  held_loop(const held_loop&) = delete;
  held_loop& operator=(const held_loop&) = delete;

  /// Lets the loop do what it was asked for until now.
  void turn() {
    for (int i = 0; i < 2; ++i) {
      test::inbox<int> done;
      loop_.post([&done] {
        done.put(1);
      });
      (void)done.take();
    }
  }

  void hold() {
    REQUIRE(::write(write_.get(), "x", 1) == 1);
    REQUIRE(held_.take());
  }

  void release() {
    released_.put(1);
  }

private:
  io_loop& loop_;
  io_loop::id id_ = 0;
  unique_fd read_;
  unique_fd write_;
  test::inbox<int> held_;
  test::inbox<int> released_;
};

/// Keeps a socket full, so that its reader never finds it empty.
class endless_sender {
public:
  explicit endless_sender(int fd) : fd_(fd) {
  }

  /// @param arrived An end, for readers that have none.
  void refill(std::size_t arrived) const {
    if (arrived > (std::size_t{8} << 20))
      return;
    while (
      ::send(fd_, block_.data(), block_.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
      > 0) {
    }
  }

private:
  int fd_;
  bytes block_ = make_pattern(std::size_t{64} << 10, 5);
};

} // namespace

TEST_SUITE_BEGIN("sys/net/socket_stream");

TEST_CASE("bytes travel both ways in order") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  socket_stream right{loop, std::move(pair.b), "right"};
  stream_inbox at_left{left};
  stream_inbox at_right{right};

  left.send(to_bytes("one "));
  left.send({});
  left.send(to_bytes("two"));
  right.send(to_bytes("back"));

  CHECK(at_right.take_text(7) == "one two");
  CHECK(at_left.take_text(4) == "back");
  CHECK(left.unsent() == 0);
}

TEST_CASE("what was sent before the start arrives") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  socket_stream right{loop, std::move(pair.b), "right"};
  const auto big = make_pattern(std::size_t{2} << 20, 1);

  left.send(big);
  CHECK(left.unsent() > 0);
  stream_inbox at_right{right};
  stream_inbox at_left{left};

  CHECK(at_right.take(big.size()) == big);
}

TEST_CASE("megabytes both ways at once wait for a slow reader") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  socket_stream right{loop, std::move(pair.b), "right"};
  const auto to_right = make_pattern(std::size_t{8} << 20, 1);
  const auto to_left = make_pattern(std::size_t{8} << 20, 2);

  left.send(to_right);
  right.send(to_left);
  CHECK(left.unsent() > 0);
  CHECK(right.unsent() > 0);
  stream_inbox at_left{left};
  stream_inbox at_right{right};

  CHECK(at_right.take(to_right.size()) == to_right);
  CHECK(at_left.take(to_left.size()) == to_left);
  CHECK(left.unsent() == 0);
}

TEST_CASE("the end comes after the last bytes, once") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  REQUIRE(::send(pair.b.get(), "last", 4, 0) == 4);
  pair.b.reset();
  stream_inbox at_left{left};

  CHECK(at_left.take_text(4) == "last");
  const auto why = at_left.end();
  REQUIRE(why);
  CHECK(why->code == errc::unavailable);
  CHECK(why->message == "read from left: the peer closed the connection");
  left.send(to_bytes("ignored"));
  CHECK(left.unsent() == 0);
  CHECK(at_left.is_silent());
}

TEST_CASE("bytes that came before a failed write are still delivered") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  REQUIRE(::send(pair.b.get(), "last", 4, 0) == 4);
  pair.b.reset();

  left.send(to_bytes("nobody reads this"));
  stream_inbox at_left{left};

  CHECK(at_left.take_text(4) == "last");
  CHECK(at_left.end());
}

TEST_CASE("a write that the peer refuses ends the stream") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  stream_inbox at_left{left};
  // The peer reads no more but stays: only the write can tell.
  REQUIRE(::shutdown(pair.b.get(), SHUT_RD) == 0);

  left.send(to_bytes("nobody reads this"));

  const auto why = at_left.end();
  REQUIRE(why);
  CHECK(why->message == "talk to left: Broken pipe");
}

TEST_CASE("close is seen by the peer and silences the own side") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  socket_stream right{loop, std::move(pair.b), "right"};
  stream_inbox at_left{left};
  stream_inbox at_right{right};

  left.close();
  left.close();

  CHECK(at_right.end());
  CHECK(at_left.is_silent());
}

TEST_CASE("dropping the stream closes it") {
  io_loop loop;
  auto pair = make_sockets();
  auto left = std::make_shared<socket_stream>(loop, std::move(pair.a), "left");
  socket_stream right{loop, std::move(pair.b), "right"};
  stream_inbox at_left{*left};
  stream_inbox at_right{right};

  left.reset();

  CHECK(at_right.end());
}

TEST_CASE("a handler may close the stream that calls it") {
  io_loop loop;
  auto pair = make_sockets();
  auto left = std::make_shared<socket_stream>(loop, std::move(pair.a), "left");
  test::inbox<bytes> got;
  std::weak_ptr<socket_stream> weak = left;
  left->start({[&, weak](bytes data) {
                 if (const auto strong = weak.lock())
                   strong->close();
                 got.put(std::move(data));
               },
               [&](const error&) {
                 got.put({});
               }});

  REQUIRE(::send(pair.b.get(), "x", 1, 0) == 1);

  CHECK(got.take() == to_bytes("x"));
  char byte = 0;
  while (::recv(pair.b.get(), &byte, 1, 0) < 0)
    std::this_thread::yield();
  CHECK(got.is_empty());
}

TEST_CASE("a peer is read no further than what is consumed") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  test::inbox<received_bytes> got;
  left.start({[&got](received_bytes chunk) {
                got.put(std::move(chunk));
              },
              [](const error&) {}});
  const auto block = make_pattern(std::size_t{64} << 10, 5);
  constexpr std::size_t total = std::size_t{16} << 20;
  std::atomic<std::size_t> sent{0};
  std::thread sender{[&] {
    ::fcntl(pair.b.get(), F_SETFL, 0); // blocks
    while (sent < total) {
      const auto n
        = ::send(pair.b.get(), block.data(), block.size(), MSG_NOSIGNAL);
      if (n <= 0)
        break;
      sent += static_cast<std::size_t>(n);
    }
  }};

  // Kept as in a mailbox: with their credit.
  std::vector<received_bytes> kept;
  std::size_t bytes_kept = 0;
  while (bytes_kept
         <= socket_stream::max_unconsumed - std::size_t{2} * (256U << 10)) {
    auto chunk = got.take();
    REQUIRE(chunk);
    bytes_kept += chunk->data.size();
    kept.push_back(*std::move(chunk));
  }
  // The loop answers after whatever it would have read by now.
  for (int i = 0; i < 100; ++i) {
    test::inbox<int> turn;
    loop.post([&turn] {
      turn.put(1);
    });
    REQUIRE(turn.take());
  }
  while (!got.is_empty()) {
    kept.push_back(*got.take());
    bytes_kept += kept.back().data.size();
  }
  CHECK(bytes_kept <= socket_stream::max_unconsumed + (256U << 10));
  CHECK(sent < total);

  kept.clear();
  while (bytes_kept < total) {
    const auto chunk = got.take();
    REQUIRE(chunk);
    bytes_kept += chunk->data.size();
  }
  sender.join();
  CHECK(bytes_kept == total);
}

TEST_CASE("a peer that only stops to read cannot send for ever") {
  io_loop loop;
  auto pair = make_sockets();
  held_loop held{loop};
  const endless_sender peer{pair.b.get()};
  socket_stream left{loop, std::move(pair.a), "left"};
  std::atomic<std::size_t> arrived{0};
  test::inbox<error> ends;
  const auto start = [&] {
    left.start({[&](const received_bytes& chunk) {
                  arrived += chunk.data.size();
                  peer.refill(arrived);
                },
                [&ends](error why) {
                  ends.put(std::move(why));
                }});
  };
  SUBCASE("before it is read") {
    peer.refill(0);
    REQUIRE(::shutdown(pair.b.get(), SHUT_RD) == 0);
    left.send(to_bytes("nobody reads this"));
    start();
  }
  SUBCASE("with what it sent ready to be read") {
    start();
    held.turn();
    held.hold();
    // The loop learns of this first, and of the failed write then.
    peer.refill(0);
    REQUIRE(::shutdown(pair.b.get(), SHUT_RD) == 0);
    left.send(to_bytes("nobody reads this"));
    held.release();
  }

  const auto why = ends.take();
  REQUIRE(why);
  CHECK(why->message == "talk to left: Broken pipe");
  // What it had sent before is not lost.
  CHECK(arrived > socket_stream::max_unconsumed);
  CHECK(arrived <= socket_stream::max_unconsumed + (256U << 10));
}

TEST_CASE("a handler that throws ends its own stream, and no other") {
  test::inbox<std::string> reported;
  io_loop loop{[&reported](const std::string& what) {
    reported.put(what);
  }};
  auto bad = make_sockets();
  auto good = make_sockets();
  socket_stream throws{loop, std::move(bad.a), "bad"};
  test::inbox<error> ends;
  throws.start({[](const received_bytes&) {
                  throw std::runtime_error{"a fault of the test"};
                },
                [&ends](error why) {
                  ends.put(std::move(why));
                }});
  socket_stream other{loop, std::move(good.a), "good"};
  stream_inbox at_other{other};

  REQUIRE(::send(bad.b.get(), "x", 1, MSG_NOSIGNAL) == 1);
  const auto why = ends.take();
  REQUIRE(why);
  CHECK(*why == error{errc::internal, "talk to bad: a fault of the test"});
  char byte = 0;
  CHECK(::recv(bad.b.get(), &byte, 1, 0) <= 0);
  REQUIRE(::send(good.b.get(), "y", 1, MSG_NOSIGNAL) == 1);
  CHECK(at_other.take_text(1) == "y");
  CHECK(reported.is_empty());
}

TEST_CASE("a peer that is gone while nobody consumes costs no CPU") {
  io_loop loop;
  auto pair = make_sockets();
  socket_stream left{loop, std::move(pair.a), "left"};
  test::inbox<received_bytes> got;
  test::inbox<error> ends;
  left.start({[&got](received_bytes chunk) {
                got.put(std::move(chunk));
              },
              [&ends](error why) {
                ends.put(std::move(why));
              }});
  ::fcntl(pair.b.get(), F_SETFL, O_NONBLOCK);
  const auto block = make_pattern(std::size_t{64} << 10, 5);
  // Until neither the stream nor the socket takes more.
  for (int idle = 0; idle < 100;) {
    const auto n
      = ::send(pair.b.get(), block.data(), block.size(), MSG_NOSIGNAL);
    idle = n > 0 ? 0 : idle + 1;
    std::this_thread::yield();
  }
  pair.b.reset();

  // What the peer had sent and the end come without any credit.
  const auto why = ends.take();
  REQUIRE(why);
  CHECK(why->message == "read from left: the peer closed the connection");
}

TEST_CASE("streams that close while both sides send leave nothing behind") {
  io_loop loop;
  for (int round = 0; round < 100; ++round) {
    auto pair = make_sockets();
    auto left = std::make_shared<socket_stream>(loop, std::move(pair.a), "l");
    auto right = std::make_shared<socket_stream>(loop, std::move(pair.b), "r");
    const stream_inbox at_left{*left};
    stream_inbox at_right{*right};
    std::thread sender{[right] {
      for (int i = 0; i < 20; ++i)
        right->send(make_pattern(10'000, 3));
    }};
    std::thread closer{[left] {
      left->close();
    }};
    left->send(make_pattern(100'000, 4));
    closer.join();
    sender.join();
    CHECK(at_right.end());
  }
}

TEST_SUITE_END();
