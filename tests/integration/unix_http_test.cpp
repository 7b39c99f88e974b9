// SPDX-License-Identifier: Apache-2.0
#include "sys/net/unix_http.hpp"
#include "tests/support/nydusd_stand_in.hpp"
#include "tests/support/temp_dir.hpp"

#include <chrono>
#include <functional>
#include <thread>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

/// Accepts one connection and hands it over; whoever is slow or wrong.
class raw_server {
public:
  raw_server(const std::string& path, std::function<void(int)> serve)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(
      ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address))
      == 0);
    REQUIRE(::listen(fd_, 1) == 0);
    thread_ = std::thread{[this, serve = std::move(serve)] {
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client >= 0) {
        serve(client);
        ::close(client);
      }
    }};
  }
  ~raw_server() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

private:
  int fd_;
  std::thread thread_;
};

bool put(int fd, const std::string& text) {
  return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(text.size());
}

// Returns what failed, and checks that it did within bounds.
errc failure_of(const std::string& socket, std::chrono::milliseconds within) {
  const auto began = std::chrono::steady_clock::now();
  const auto answer = call_unix_http(socket, {"GET", "/x", {}}, within);
  CHECK(std::chrono::steady_clock::now() - began < within + 10s);
  REQUIRE(!answer);
  CHECK(answer.err().message.find(socket) != std::string::npos);
  return answer.err().code;
}

} // namespace

TEST_SUITE_BEGIN("sys/net/unix_http");

TEST_CASE("a call takes method, target and body there and the answer back") {
  const test::temp_dir dir;
  test::nydusd_stand_in server{dir / "s"};
  auto answer = call_unix_http(
    dir / "s", {"POST", "/api/v1/mount?mountpoint=%2Fa%20b", "{}"}, 20s);
  REQUIRE(answer);
  CHECK(answer->status == 204);
  CHECK(server.calls()
        == std::vector<std::string>{"POST /api/v1/mount?mountpoint=%2Fa%20b"});
  CHECK(server.mounted() == std::map<std::string, std::string>{{"/a b", "{}"}});
  answer = call_unix_http(dir / "s", {"GET", "/nothing", {}}, 20s);
  REQUIRE(answer);
  CHECK(answer->status == 404);
}

TEST_CASE("nobody on the socket is NOT_FOUND") {
  const test::temp_dir dir;
  CHECK(failure_of(dir / "none", 20s) == errc::not_found);
  { const test::nydusd_stand_in server{dir / "left"}; }
  CHECK(failure_of(dir / "left", 20s) == errc::not_found);
}

TEST_CASE("a server that says nothing, or says it slowly, has its deadline") {
  const test::temp_dir dir;
  {
    const raw_server silent{dir / "silent", [](int fd) {
                              char byte = 0;
                              while (::recv(fd, &byte, 1, 0) > 0) {
                              }
                            }};
    CHECK(failure_of(dir / "silent", 100ms) == errc::deadline_exceeded);
  }
  const raw_server slow{dir / "slow", [](int fd) {
                          put(fd, "HTTP/1.1 200 OK\r\nX: ");
                          while (put(fd, "y"))
                            std::this_thread::sleep_for(5ms);
                        }};
  CHECK(failure_of(dir / "slow", 200ms) == errc::deadline_exceeded);
}

TEST_CASE("a connection that ends early is UNAVAILABLE") {
  const test::temp_dir dir;
  const raw_server ending{dir / "s", [](int) {}};
  CHECK(failure_of(dir / "s", 20s) == errc::unavailable);
}

TEST_CASE("an endless body is RESOURCE_EXHAUSTED") {
  const test::temp_dir dir;
  const raw_server endless{dir / "s", [](int fd) {
                             put(fd, "HTTP/1.1 200 OK\r\n\r\n");
                             while (put(fd, std::string(4096, 'x'))) {
                             }
                           }};
  CHECK(failure_of(dir / "s", 20s) == errc::resource_exhausted);
}

TEST_SUITE_END();
