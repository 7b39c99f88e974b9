// SPDX-License-Identifier: Apache-2.0
#include "tests/attacks/flood.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/resident_memory.hpp"
#include "tests/support/socket_peer.hpp"
#include "ttrpc/envelope.hpp"
#include "ttrpc/frame.hpp"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr auto most_memory = test::memory_limit(160U << 20, 1024U << 20);

constexpr std::uint64_t much = std::uint64_t{512} << 20;

/// Connects to a control socket; the fd is empty if that is refused.
unique_fd connect_to(const test::node_process& node) {
  guest_address address;
  address.path = node.socket();
  const auto target = to_socket_address(address);
  REQUIRE(target);
  const auto until = std::chrono::steady_clock::now() + 20s;
  for (;;) {
    auto socket = open_socket(*target);
    REQUIRE(socket);
    const auto failed = begin_connect(socket->get(), *target);
    if (failed == 0)
      return *std::move(socket);
    // The backlog is full.
    if (failed != EAGAIN || std::chrono::steady_clock::now() > until)
      return {};
    std::this_thread::sleep_for(1ms);
  }
}

/// Sends `block` again and again until the connection is ended.
/// @returns whether it was, before much was taken.
bool flood_until_ended(int socket, const bytes& block) {
  std::uint64_t sent = 0;
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (sent < much && std::chrono::steady_clock::now() < until)
    if (!test::flood_once(socket, block, sent))
      return true;
  return false;
}

bool answers(const test::node_process& node) {
  return test::run_fssharectl(node.socket(), {"--timeout", "10s", "version"})
           .exit_code
         == 0;
}

bool waits_for_line(const test::node_process& node,
                    test::child_process& program, const char* event) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (program.errors().find(event) == std::string::npos) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    (void)answers(node);
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

} // namespace

TEST_SUITE_BEGIN("attacks/hostile client");

TEST_CASE("a client that floods fills no memory and is disconnected") {
  for (const auto& header : {ttrpc::frame_header{0, 2, 1, 0},    // refused
                             ttrpc::frame_header{0, 1, 9, 0},    // ignored
                             ttrpc::frame_header{0, 1, 3, 0}}) { // no stream
    CAPTURE(header.type);
    test::node_process node;
    const auto client = connect_to(node);
    REQUIRE(client);
    CHECK(flood_until_ended(client.get(), test::frames_like(header)));
    CHECK(answers(node));
    CHECK(test::peak_memory(node.program().pid()) < most_memory);
  }
}

TEST_CASE("frames that never end fill no memory") {
  test::node_process node;
  bytes almost(ttrpc::frame_header_size + ttrpc::max_frame_payload - 1);
  const auto head
    = ttrpc::encode_frame_header({ttrpc::max_frame_payload, 1, 1, 0});
  std::copy(head.begin(), head.end(), almost.begin());
  std::vector<unique_fd> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(connect_to(node));
    REQUIRE(clients.back());
    std::size_t sent = 0;
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (sent < almost.size() && std::chrono::steady_clock::now() < until) {
      const auto n = ::send(clients.back().get(), almost.data() + sent,
                            almost.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0)
        sent += static_cast<std::size_t>(n);
      else if (errno == EAGAIN)
        std::this_thread::yield();
      else
        break; // made to go for one of the others
    }
  }
  CHECK(answers(node));
  CHECK(test::peak_memory(node.program().pid()) < most_memory);
}

TEST_CASE("idle clients that take all descriptors stop nobody") {
  test::node_process node;
  const rlimit few{128, 128};
  REQUIRE(::prlimit(node.program().pid(), RLIMIT_NOFILE, &few, nullptr) == 0);
  std::vector<unique_fd> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(connect_to(node));
    REQUIRE(clients.back());
  }
  CHECK(waits_for_line(node, node.program(), "event=descriptors-few"));
  CHECK(answers(node));
  for (const char* verb : {"prepare", "cleanup"}) {
    std::vector<std::string> call{"sandbox", verb, "sb"};
    if (std::string{verb} == "prepare")
      call.insert(call.end(), {"--mode", "copy", "--guest", "unix:///none"});
    const auto done = test::run_fssharectl(node.socket(), call);
    CHECK_MESSAGE(done.exit_code == 0, done.errors);
  }
  clients.clear();
  CHECK(waits_for_line(node, node.program(), "event=descriptors-enough"));
  const auto log = node.program().errors();
  const auto first = log.find("event=descriptors-few");
  CHECK(log.find("event=descriptors-few", first + 1) == std::string::npos);
}

TEST_CASE("the soft limit of open files is raised at start") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(before.rlim_max > 256);
  const rlimit low{256, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  test::node_process node;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit raised{};
  REQUIRE(::prlimit(node.program().pid(), RLIMIT_NOFILE, nullptr, &raised)
          == 0);
  CHECK(raised.rlim_cur == std::min<rlim_t>(before.rlim_max, 1U << 20));
}

TEST_CASE("text that is not UTF-8 makes no line that is not of our log") {
  test::node_process node;
  guest_address address;
  address.path = node.socket();
  const test::socket_peer peer{address};
  // A PrepareRequest whose sandbox_id is one byte 0xff.
  const bytes bad{0x0a, 0x01, 0xff};
  bytes frame;
  REQUIRE(ttrpc::append_request(
    frame, {1, "fsshare.v1.FilesystemShare", "Prepare"}, {bad}));
  // And one whose envelope has such a service.
  REQUIRE(ttrpc::append_request(frame, {3, "\xff", "Prepare"}, {}));
  peer.send(frame);
  CHECK(answers(node));
  CHECK(waits_for_line(node, node.program(), "event=protobuf"));
  CHECK(node.program().terminate() == 0);
  std::istringstream log{node.program().errors()};
  for (std::string line; std::getline(log, line);)
    CHECK_MESSAGE(line.starts_with("ts="), line);
}

TEST_SUITE_END();
