// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_listener.hpp"

#include "sys/net/socket_address.hpp"
#include "sys/net/socket_dialer.hpp"
#include "tests/support/stream_inbox.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fsshare;
using namespace std::chrono_literals;
using test::inbox;
using test::stream_inbox;
using test::temp_dir;

namespace {

struct arrival {
  byte_stream_ptr stream;
  std::optional<peer_credentials> who;
};

guest_address unix_at(const std::string& path) {
  return {address_scheme::unix_socket, path, 0, 0};
}

/// A socket on which a process listened that has ended, and whose descriptor
/// another one still has, as readers that hang do.
class left_listener {
public:
  explicit left_listener(const guest_address& address) {
    const auto target = to_socket_address(address);
    REQUIRE(target);
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const unique_fd reader{ends[0]};
    unique_fd writer{ends[1]};
    const auto listens = ::fork();
    REQUIRE(listens >= 0);
    if (listens == 0)
      listen_and_end(*target, writer.get());
    writer.reset();
    REQUIRE(::read(reader.get(), &holder_, sizeof(holder_)) == sizeof(holder_));
    REQUIRE(::waitpid(listens, nullptr, 0) == listens);
  }
  ~left_listener() {
    ::kill(holder_, SIGKILL);
  }
  left_listener(const left_listener&) = delete;
  left_listener& operator=(const left_listener&) = delete;

private:
  // Between fork and exit: only what signal-safety(7) lists.
  [[noreturn]] static void listen_and_end(const socket_address& target,
                                          int out) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || ::bind(fd, target.get(), target.size) != 0
        || ::listen(fd, 16) != 0)
      ::_exit(1);
    const auto holder = ::fork();
    if (holder == 0)
      for (;;)
        ::pause();
    const auto written = ::write(out, &holder, sizeof(holder));
    ::_exit(written == sizeof(holder) ? 0 : 1);
  }

  pid_t holder_ = -1;
};

guest_address hybrid_at(const std::string& path, std::uint32_t port) {
  return {address_scheme::hybrid_vsock, path, 0, port};
}

struct fixture {
  // Streams may be left in the inboxes, and callbacks fill these: the loop
  // stops first and goes last.
  io_loop loop;
  temp_dir dir;
  inbox<arrival> arrived;
  inbox<result<byte_stream_ptr>> dialed;
  socket_dialer dial{loop};

  ~fixture() {
    loop.stop();
  }

  auto open(const guest_address& address,
            const socket_listener::options& with = {}) {
    return socket_listener::open(loop, address, with,
                                 [this](auto stream, auto who) {
                                   arrived.put({std::move(stream), who});
                                 });
  }

  result<byte_stream_ptr> connect(const guest_address& address) {
    dial.dial(address, [this](auto got) {
      dialed.put(std::move(got));
    });
    auto got = dialed.take();
    REQUIRE(got);
    return *std::move(got);
  }

  void check_served(const guest_address& address) {
    const auto client = connect(address);
    REQUIRE(client);
    const auto server = arrived.take();
    REQUIRE(server);
    stream_inbox at_client{**client};
    stream_inbox at_server{*server->stream};
    (*client)->send({'a', 'b'});
    CHECK(at_server.take_text(2) == "ab");
    server->stream->send({'c'});
    CHECK(at_client.take_text(1) == "c");
  }
};

/// Lowers the limit of open files, so that the next one fails.
class no_descriptors {
public:
  no_descriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const auto next = ::dup(0);
    REQUIRE(next >= 0);
    ::close(next);
    auto lower = before_;
    lower.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
  }
  ~no_descriptors() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;

private:
  rlimit before_{};
};

} // namespace

TEST_SUITE_BEGIN("sys/net/socket_listener");

TEST_CASE_FIXTURE(fixture, "clients of a unix socket come with credentials") {
  const auto address = unix_at(dir / "s");
  const auto listener = open(address);
  REQUIRE(listener);

  const auto client = connect(address);
  REQUIRE(client);
  const auto server = arrived.take();

  REQUIRE(server);
  REQUIRE(server->who);
  CHECK(server->who->uid == ::geteuid());
  CHECK(server->who->pid == ::getpid());
  check_served(address);
}

TEST_CASE_FIXTURE(fixture, "the socket file has the mode that was asked for") {
  struct stat found {};
  const auto closed = open(unix_at(dir / "a"));
  REQUIRE(closed);
  REQUIRE(::stat((dir / "a").c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0600);

  const auto open_to_group = open(unix_at(dir / "b"), {.mode = 0660});
  REQUIRE(open_to_group);
  REQUIRE(::stat((dir / "b").c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0660);
}

TEST_CASE_FIXTURE(fixture, "an abstract name leaves no file") {
  const auto name = "@fsshare-listener-" + std::to_string(::getpid());
  const auto listener = open(unix_at(name));
  REQUIRE(listener);

  check_served(unix_at(name));
  CHECK_FALSE(std::filesystem::exists(name));
}

TEST_CASE_FIXTURE(fixture, "a socket file nobody listens on is replaced") {
  const auto address = unix_at(dir / "s");
  {
    const auto target = to_socket_address(address);
    REQUIRE(target);
    const auto left_over = open_socket(*target);
    REQUIRE(::bind(left_over->get(), target->get(), target->size) == 0);
  }
  REQUIRE(std::filesystem::exists(dir / "s"));

  const auto listener = open(address);

  REQUIRE(listener);
  check_served(address);
}

TEST_CASE_FIXTURE(fixture, "a socket whose listener was killed is replaced, "
                           "though its descriptor is still open elsewhere") {
  const auto address = unix_at(dir / "s");
  const left_listener before{address};

  const auto listener = open(address);

  REQUIRE_MESSAGE(listener, (listener ? "" : listener.err().message));
  check_served(address);
}

TEST_CASE_FIXTURE(fixture, "a socket that is alive is refused and unharmed") {
  const auto address = unix_at(dir / "s");
  const auto first = open(address);
  REQUIRE(first);

  const auto second = open(address);

  REQUIRE_FALSE(second);
  CHECK(second.err()
        == error{errc::already_exists, "listen on " + to_string(address)
                                         + ": Address already in use"});
  arrived.take(); // the probe
  check_served(address);
}

TEST_CASE_FIXTURE(fixture, "a file that is no socket is never removed") {
  std::ofstream{dir / "s"} << "precious";

  const auto listener = open(unix_at(dir / "s"));

  REQUIRE_FALSE(listener);
  CHECK(listener.err().code == errc::already_exists);
  CHECK(std::filesystem::file_size(dir / "s") == 8);
}

TEST_CASE_FIXTURE(fixture, "close ends accepting and removes the file") {
  const auto address = unix_at(dir / "s");
  const auto listener = open(address);
  REQUIRE(listener);

  (*listener)->close();
  (*listener)->close();

  CHECK_FALSE(std::filesystem::exists(dir / "s"));
  CHECK_FALSE(connect(address));
}

TEST_CASE_FIXTURE(fixture, "close leaves the file of a successor alone") {
  const auto address = unix_at(dir / "s");
  const auto first = open(address);
  REQUIRE(first);
  std::filesystem::rename(dir / "s", dir / "away");
  const auto second = open(address);
  REQUIRE(second);

  (*first)->close();

  CHECK(std::filesystem::exists(dir / "s"));
  check_served(address);
}

TEST_CASE_FIXTURE(fixture, "a hybrid vsock is answered as hypervisors do") {
  const auto address = hybrid_at(dir / "s", 1024);
  const auto listener = open(address);
  REQUIRE(listener);

  check_served(address);

  SUBCASE("in lower case too") {
    const auto raw = connect(unix_at(dir / "s"));
    REQUIRE(raw);
    stream_inbox answer{**raw};
    const std::string_view asked = "connect 1024\nbehind";
    (*raw)->send({asked.begin(), asked.end()});
    CHECK(answer.take_text(14) == "OK 1073741825\n");
    const auto server = arrived.take();
    REQUIRE(server);
    stream_inbox at_server{*server->stream};
    CHECK(at_server.take_text(6) == "behind");
  }
  SUBCASE("but for another port the connection is closed") {
    const auto refused = connect(hybrid_at(dir / "s", 1025));
    REQUIRE_FALSE(refused);
    CHECK(arrived.is_empty());
  }
  SUBCASE("and for anything else too") {
    const auto raw = connect(unix_at(dir / "s"));
    REQUIRE(raw);
    stream_inbox answer{**raw};
    const std::string_view asked = "GET / HTTP/1.1\n";
    (*raw)->send({asked.begin(), asked.end()});
    CHECK(answer.end());
    CHECK(arrived.is_empty());
  }
}

TEST_CASE_FIXTURE(fixture, "a silent client of a hybrid vsock is closed") {
  const auto listener
    = open(hybrid_at(dir / "s", 1), {.handshake_limit = 30ms});
  REQUIRE(listener);
  const auto raw = connect(unix_at(dir / "s"));
  REQUIRE(raw);
  stream_inbox answer{**raw};

  CHECK(answer.end());
  CHECK(arrived.is_empty());
}

TEST_CASE_FIXTURE(fixture, "clients wait while descriptors are used up") {
  const auto address = unix_at(dir / "s");
  const auto listener = open(address);
  REQUIRE(listener);
  // Opened before: the client must not need a descriptor below the limit.
  const auto target = to_socket_address(address);
  REQUIRE(target);
  const auto client = open_socket(*target);
  REQUIRE(client);
  rusage before{};
  rusage after{};
  {
    const no_descriptors none;
    REQUIRE(::getrusage(RUSAGE_SELF, &before) == 0);
    REQUIRE(begin_connect(client->get(), *target) == 0);
    inbox<bool> later;
    loop.after(300ms, [&] {
      later.put(true);
    });
    REQUIRE(later.take());
    REQUIRE(::getrusage(RUSAGE_SELF, &after) == 0);
    CHECK(arrived.is_empty());
  }
  const auto used
    = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1'000'000
      + after.ru_utime.tv_usec - before.ru_utime.tv_usec
      + (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1'000'000
      + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
  // A loop that spins uses all of the 300 ms.
  CHECK(used < 100'000);
  CHECK(arrived.take());
}

TEST_CASE_FIXTURE(fixture, "a directory that does not exist is said") {
  const auto listener = open(unix_at(dir / "none/s"));

  REQUIRE_FALSE(listener);
  CHECK(listener.err().code == errc::not_found);
}

TEST_SUITE_END();
