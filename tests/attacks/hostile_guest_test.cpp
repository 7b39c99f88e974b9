// SPDX-License-Identifier: Apache-2.0
#include "tests/attacks/flood.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/resident_memory.hpp"
#include "tests/support/temp_dir.hpp"
#include "ttrpc/frame.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

// An honest node agent with a sandbox needs a tenth of it.
constexpr auto most_memory = test::memory_limit(96U << 20, 768U << 20);

// What the node agent would have to keep if it kept what it was sent.
constexpr std::uint64_t much = std::uint64_t{1} << 30;

/// What a guest sends again and again.
struct flood {
  const char* what;
  ttrpc::frame_header header;
  /// Whether it answers Check and Version before.
  bool greets = true;
};

/// A guest agent that floods whoever connects.
class flooding_guest {
public:
  flooding_guest(guest_address address, const flood& kind)
    : address_(std::move(address)), kind_(kind),
      socket_(test::listen_at(address_, 16)), thread_([this] {
        run();
      }) {
  }
  ~flooding_guest() {
    is_over_ = true;
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  flooding_guest(const flooding_guest&) = delete;
  flooding_guest& operator=(const flooding_guest&) = delete;

  /// Waits until the node agent has ended `count` connections, or has taken
  /// more than it may.
  void wait_for_ends(unsigned count) const {
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (ends_ < count && sent_ < much
           && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(1ms);
  }

  unsigned ends() const {
    return ends_;
  }

private:
  void run() {
    const auto block = test::frames_like(kind_.header);
    while (!is_over_) {
      pollfd waiting{socket_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 10) <= 0)
        continue;
      const unique_fd peer{::accept(socket_.get(), nullptr, nullptr)};
      if (peer)
        flood_peer(peer.get(), block);
    }
  }

  void flood_peer(int peer, const bytes& block) {
    // The calls 1 and 3 of the greeting, answered with empty successes.
    const bytes greeting{0, 0, 0, 0, 0, 0, 0, 1, 2, 0,
                         0, 0, 0, 0, 0, 0, 0, 3, 2, 0};
    if (kind_.greets)
      ::send(peer, greeting.data(), greeting.size(), MSG_NOSIGNAL);
    while (!is_over_ && sent_ < much && test::flood_once(peer, block, sent_)) {
    }
    ++ends_;
  }

  const guest_address address_;
  const flood kind_;
  const unique_fd socket_;
  std::atomic<bool> is_over_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<unsigned> ends_{0};
  std::thread thread_;
};

void must(const test::node_process& node, std::vector<std::string> arguments) {
  const auto done = test::run_fssharectl(node.socket(), std::move(arguments));
  REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
}

} // namespace

TEST_SUITE_BEGIN("attacks/hostile guest");

TEST_CASE("a guest that floods fills no memory and holds up nobody") {
  for (const auto& kind : {
         flood{"answers that nobody asked for", {0, 99'999, 2, 0}},
         flood{"large ones", {4'000'000, 99'999, 2, 0}},
         flood{"frames of tomorrow", {0, 7, 9, 0}},
         flood{"requests", {0, 1, 1, 0}},
         flood{"frames instead of a greeting", {0, 7, 9, 0}, false},
         flood{"an answer that is too large", {4'000'000, 1, 2, 0}, false},
       }) {
    CAPTURE(kind.what);
    test::node_process node;
    const test::guest_process honest;
    const test::temp_dir dir;
    const auto file = dir.write("file", "text");
    guest_address address;
    address.path = dir / "guest.sock";
    const flooding_guest hostile{address, kind};
    must(node, {"sandbox", "prepare", "bad", "--mode", "copy", "--guest",
                to_string(address)});
    must(node, {"sandbox", "prepare", "good", "--mode", "copy", "--guest",
                to_string(honest.address())});
    std::thread victim{[&] {
      test::run_fssharectl(node.socket(), {"--timeout", "1s", "share", "add",
                                           "bad", "c", file, "/file"});
    }};
    hostile.wait_for_ends(3);
    must(node,
         {"--timeout", "20s", "share", "add", "good", "c", file, "/file"});
    must(node, {"sandbox", "cleanup", "good"});
    must(node, {"sandbox", "cleanup", "bad"});
    victim.join();
    CHECK(hostile.ends() >= 3);
    CHECK(test::peak_memory(node.program().pid()) < most_memory);
    CHECK(node.program().terminate() == 0);
  }
}

TEST_SUITE_END();
