// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/guest_calls.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/socket_peer.hpp"

#include <doctest/doctest.h>

#include <filesystem>

TEST_SUITE_BEGIN("guest/service");

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

bool exists(const guest_process& guest, const std::string& name) {
  return std::filesystem::exists(guest.root() + "/" + name);
}

// Waits for the answer to one request and returns its code; nothing if the
// connection ended instead.
std::optional<errc> answer(socket_peer& peer, std::uint32_t stream) {
  const auto frame = peer.next_frame();
  if (!frame)
    return std::nullopt;
  CHECK(frame->header.stream == stream);
  return code_of(frame->payload);
}

std::optional<errc> copy(socket_peer& peer, std::uint32_t stream,
                         const std::string& name) {
  peer.send(copy_file_frame(stream, name, "text"));
  return answer(peer, stream);
}

std::optional<errc> check(socket_peer& peer, std::uint32_t stream) {
  peer.send(check_frame(stream));
  return answer(peer, stream);
}

// Sends a long CopyFile and short Checks at once, until one of these is
// answered first.
bool is_overtaken(const guest_process& guest, int rounds) {
  constexpr std::uint32_t checks = 8;
  auto burst = copy_file_frame(1, "f", std::string(3U << 20U, 'x'));
  for (std::uint32_t i = 1; i <= checks; ++i) {
    const auto next = check_frame(2 * i + 1);
    burst.insert(burst.end(), next.begin(), next.end());
  }
  socket_peer peer{guest.address()};
  for (int round = 0; round < rounds; ++round) {
    peer.send(burst);
    const auto first = peer.next_frame();
    REQUIRE(first);
    for (std::uint32_t i = 0; i < checks; ++i)
      REQUIRE(peer.next_frame());
    if (first->header.stream != 1)
      return true;
  }
  return false;
}

} // namespace

TEST_CASE("each Nth CopyFile fails and changes nothing") {
  const guest_process guest{{"--fail-every", "2"}};
  socket_peer peer{guest.address()};
  CHECK(copy(peer, 1, "a") == errc::none);
  CHECK(check(peer, 3) == errc::none);
  CHECK(copy(peer, 5, "b") == errc::internal);
  CHECK(copy(peer, 7, "c") == errc::none);
  CHECK(exists(guest, "a"));
  CHECK_FALSE(exists(guest, "b"));
  CHECK(exists(guest, "c"));
}

TEST_CASE("after N requests the connection is lost once") {
  const guest_process guest{{"--drop-after", "2"}};
  socket_peer peer{guest.address()};
  CHECK(copy(peer, 1, "a") == errc::none);
  CHECK(check(peer, 3) == errc::none);
  CHECK_FALSE(copy(peer, 5, "b"));
  CHECK_FALSE(exists(guest, "b"));
  socket_peer again{guest.address()};
  for (std::uint32_t stream = 1; stream < 10; stream += 2)
    CHECK(copy(again, stream, "b") == errc::none);
  CHECK(exists(guest, "b"));
}

TEST_CASE("what came before the lost request is still answered") {
  const guest_process guest{{"--drop-after", "2", "--delay", "50ms"}};
  socket_peer peer{guest.address()};
  peer.send(copy_file_frame(1, "a", "text"));
  peer.send(copy_file_frame(3, "b", "text"));
  peer.send(copy_file_frame(5, "c", "text"));
  peer.send(copy_file_frame(7, "d", "text"));
  CHECK(answer(peer, 1) == errc::none);
  CHECK(answer(peer, 3) == errc::none);
  CHECK_FALSE(answer(peer, 5));
  CHECK_FALSE(exists(guest, "c"));
  CHECK_FALSE(exists(guest, "d"));
}

TEST_CASE("after N requests each CopyFile is denied and changes nothing") {
  const guest_process guest{{"--deny-after", "1"}};
  socket_peer peer{guest.address()};
  CHECK(copy(peer, 1, "a") == errc::none);
  CHECK(copy(peer, 3, "b") == errc::permission_denied);
  peer.send(check_frame(5));
  CHECK(answer(peer, 5) == errc::none);
  CHECK_FALSE(exists(guest, "b"));
}

TEST_CASE("after N requests nothing is answered or carried out, on any line") {
  const guest_process guest{{"--hang-after", "1"}};
  socket_peer peer{guest.address()};
  CHECK(copy(peer, 1, "a") == errc::none);
  peer.send(copy_file_frame(3, "b", "text"));
  peer.send(check_frame(5));
  CHECK(peer.is_silent_for(200ms));
  socket_peer other{guest.address()};
  other.send(check_frame(1));
  CHECK(other.is_silent_for(200ms));
  CHECK_FALSE(exists(guest, "b"));
}

TEST_CASE("a delay comes before the work and holds no worker") {
  const guest_process guest{{"--delay", "200ms"}};
  socket_peer peer{guest.address()};
  const auto begin = steady_clock::now();
  constexpr std::uint32_t end = 41;
  for (std::uint32_t stream = 1; stream < end; stream += 2)
    peer.send(copy_file_frame(stream, "f" + std::to_string(stream), "text"));
  CHECK_FALSE(exists(guest, "f1"));
  for (std::uint32_t stream = 1; stream < end; stream += 2)
    CHECK(answer(peer, stream) == errc::none);
  const auto took = steady_clock::now() - begin;
  CHECK(took >= 200ms);
  // One after the other would take twenty times the delay.
  CHECK(took < 2s);
}

TEST_CASE("what has not begun when its connection ends is dropped") {
  const guest_process guest{{"--delay", "300ms"}};
  {
    socket_peer peer{guest.address()};
    peer.send(copy_file_frame(1, "lost", "text"));
    // An even stream id is refused at once, without a delay: its answer shows
    // that the request before it was read.
    peer.send(check_frame(2));
    CHECK(answer(peer, 2) == errc::invalid_argument);
  }
  // Sent later with the same delay: once it is answered, the first was due.
  socket_peer other{guest.address()};
  CHECK(copy(other, 1, "kept") == errc::none);
  CHECK(exists(guest, "kept"));
  CHECK_FALSE(exists(guest, "lost"));
}

TEST_CASE("with --late what has not begun when its connection ends happens "
          "later") {
  const guest_process guest{{"--delay", "100ms", "--late", "400ms"}};
  const auto begin = steady_clock::now();
  {
    socket_peer peer{guest.address()};
    peer.send(copy_file_frame(1, "late", "text"));
    peer.send(check_frame(2));
    CHECK(answer(peer, 2) == errc::invalid_argument);
  }
  // Later requests of others overtake it.
  socket_peer other{guest.address()};
  CHECK(copy(other, 1, "soon") == errc::none);
  const bool was_late = !exists(guest, "late");
  while (!exists(guest, "late") && steady_clock::now() - begin < 10s)
    CHECK(check(other, 3) == errc::none);
  CHECK(exists(guest, "late"));
  CHECK(steady_clock::now() - begin >= 400ms);
  CHECK(was_late);
}

TEST_CASE("a service time costs CPU time and holds the worker") {
  const guest_process guest{{"--service-time", "20ms"}};
  socket_peer peer{guest.address()};
  const auto begin = steady_clock::now();
  constexpr std::uint32_t end = 21;
  for (std::uint32_t stream = 1; stream < end; stream += 2)
    peer.send(copy_file_frame(stream, "f" + std::to_string(stream), "text"));
  for (std::uint32_t stream = 1; stream < end; stream += 2)
    CHECK(answer(peer, stream) == errc::none);
  CHECK(steady_clock::now() - begin >= 200ms);
}

TEST_CASE("with one worker requests are answered in their order") {
  const guest_process guest;
  CHECK_FALSE(is_overtaken(guest, 10));
}

TEST_CASE("with several workers a request may overtake another") {
  const guest_process guest{{"--workers", "4"}};
  // Most of the time the first round shows it; this often never is a failure.
  CHECK(is_overtaken(guest, 500));
}
