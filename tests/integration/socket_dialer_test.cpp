// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_dialer.hpp"

#include "sys/net/socket_address.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/stream_inbox.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <string>

#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace fsshare;
using namespace std::chrono_literals;
using test::inbox;
using test::stream_inbox;
using test::temp_dir;

namespace {

constexpr auto short_limit = 50ms;

guest_address unix_at(const std::string& path) {
  return {address_scheme::unix_socket, path, 0, 0};
}

guest_address hybrid_at(const std::string& path) {
  return {address_scheme::hybrid_vsock, path, 0, 1024};
}

/// The other side, byte by byte as the test wants it.
class raw_server {
public:
  explicit raw_server(const guest_address& address)
    : listening_(test::listen_at(address, 8)) {
  }

  void accept() {
    pollfd wait{listening_.get(), POLLIN, 0};
    REQUIRE(::poll(&wait, 1, 20'000) == 1);
    client_.reset(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(client_);
  }

  std::string read(std::size_t size) {
    std::string out(size, '\0');
    const auto n = ::recv(client_.get(), out.data(), size, MSG_WAITALL);
    out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return out;
  }

  void write(std::string_view text) {
    REQUIRE(::send(client_.get(), text.data(), text.size(), MSG_NOSIGNAL)
            == static_cast<ssize_t>(text.size()));
  }

  void hang_up() {
    client_.reset();
  }

private:
  unique_fd listening_;
  unique_fd client_;
};

struct fixture {
  // Streams may be left in the inboxes, and callbacks fill these: the loop
  // stops first and goes last.
  io_loop loop;
  temp_dir dir;
  inbox<result<byte_stream_ptr>> dialed;
  socket_dialer dial{loop, {.limit = 20s}};

  ~fixture() {
    loop.stop();
  }

  void begin(dialer& by, const guest_address& address) {
    by.dial(address, [this](auto got) {
      dialed.put(std::move(got));
    });
  }

  byte_stream_ptr opened() {
    const auto got = dialed.take();
    REQUIRE(got);
    INFO((*got ? std::string{} : got->err().message));
    REQUIRE(*got);
    return **got;
  }

  std::string refused() {
    const auto got = dialed.take();
    REQUIRE(got);
    REQUIRE_FALSE(*got);
    CHECK(got->err().code == errc::unavailable);
    return got->err().message;
  }
};

} // namespace

TEST_SUITE_BEGIN("sys/net/socket_dialer");

TEST_CASE_FIXTURE(fixture, "a unix socket is connected, path and abstract") {
  for (const auto& address :
       {unix_at(dir / "s"),
        unix_at("@fsshare-" + std::to_string(::getpid()))}) {
    raw_server server{address};
    begin(dial, address);
    server.accept();
    const auto stream = opened();
    stream_inbox got{*stream};

    server.write("hello");

    CHECK(got.take_text(5) == "hello");
  }
}

TEST_CASE_FIXTURE(fixture, "an address where nobody listens is unavailable") {
  begin(dial, unix_at(dir / "none"));
  CHECK(refused()
        == "connect unix://" + (dir / "none") + ": No such file or directory");

  { const raw_server gone{unix_at(dir / "gone")}; }
  begin(dial, hybrid_at(dir / "gone"));
  CHECK(refused()
        == "connect hvsock://" + (dir / "gone") + ":1024: Connection refused");
}

TEST_CASE_FIXTURE(fixture, "a hybrid vsock begins with a handshake") {
  raw_server server{hybrid_at(dir / "s")};
  begin(dial, hybrid_at(dir / "s"));
  server.accept();

  CHECK(server.read(13) == "CONNECT 1024\n");
  server.write("OK 1073741824\n");

  const auto stream = opened();
  stream_inbox got{*stream};
  stream->send({'h', 'i'});
  CHECK(server.read(2) == "hi");
}

TEST_CASE_FIXTURE(fixture, "the answer to the handshake may come in pieces") {
  raw_server server{hybrid_at(dir / "s")};
  begin(dial, hybrid_at(dir / "s"));
  server.accept();
  CHECK(server.read(13) == "CONNECT 1024\n");

  for (const char byte : std::string_view{"OK 7\n"})
    server.write({&byte, 1});

  CHECK(opened());
}

TEST_CASE_FIXTURE(fixture, "what follows the answer belongs to the stream") {
  raw_server server{hybrid_at(dir / "s")};
  begin(dial, hybrid_at(dir / "s"));
  server.accept();

  server.write("OK 7\nright behind");

  const auto stream = opened();
  stream_inbox got{*stream};
  CHECK(got.take_text(12) == "right behind");
}

TEST_CASE_FIXTURE(fixture, "an answer that is not OK is unavailable") {
  raw_server server{hybrid_at(dir / "s")};
  const auto who = "handshake with hvsock://" + (dir / "s") + ":1024: ";

  begin(dial, hybrid_at(dir / "s"));
  server.accept();
  server.write("HTTP/1.1 400 Bad Request\r\n");
  CHECK(refused() == who + "the answer is not OK");

  begin(dial, hybrid_at(dir / "s"));
  server.accept();
  server.write(std::string(1000, 'x'));
  CHECK(refused() == who + "the line is too long");

  begin(dial, hybrid_at(dir / "s"));
  server.accept();
  CHECK(server.read(13) == "CONNECT 1024\n");
  server.write("OK");
  server.hang_up();
  CHECK(refused() == who + "the peer closed the connection");
}

TEST_CASE_FIXTURE(fixture, "a handshake without an answer ends at its limit") {
  const raw_server server{hybrid_at(dir / "s")};
  socket_dialer hasty{loop, {.limit = short_limit}};

  begin(hasty, hybrid_at(dir / "s"));

  CHECK(refused()
        == "handshake with hvsock://" + (dir / "s")
             + ":1024: no answer within 50 ms");
}

TEST_CASE_FIXTURE(fixture, "a path that no socket can have is unavailable") {
  begin(dial, unix_at("/" + std::string(200, 'x')));

  CHECK(refused().find("1 to 107 bytes") != std::string::npos);
}

TEST_CASE("addresses become those of the kernel") {
  const auto vsock
    = to_socket_address({address_scheme::vsock, {}, vsock_any_cid, 1024});
  REQUIRE(vsock);
  sockaddr_vm vm{};
  REQUIRE(vsock->size == sizeof(vm));
  std::memcpy(&vm, &vsock->storage, sizeof(vm));
  CHECK(vm.svm_family == AF_VSOCK);
  CHECK(vm.svm_cid == VMADDR_CID_ANY);
  CHECK(vm.svm_port == 1024);

  const auto abstract = to_socket_address(unix_at("@ab"));
  REQUIRE(abstract);
  sockaddr_un un{};
  std::memcpy(&un, &abstract->storage, abstract->size);
  CHECK(abstract->size == offsetof(sockaddr_un, sun_path) + 3);
  CHECK(std::string_view{un.sun_path, 3} == std::string_view{"\0ab", 3});

  const auto longest = to_socket_address(unix_at("/" + std::string(106, 'x')));
  CHECK(longest);
  CHECK_FALSE(to_socket_address(unix_at("/" + std::string(107, 'x'))));
}

TEST_SUITE_END();
