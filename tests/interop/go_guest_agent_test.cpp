// SPDX-License-Identifier: Apache-2.0
#include "proto/agent.pb.h"
#include "sys/net/socket_dialer.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/inbox.hpp"
#include "tests/support/temp_dir.hpp"
#include "ttrpc/blocking_client.hpp"
#include "ttrpc/client_session.hpp"
#include "ttrpc/envelope.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace fsshare;
using namespace std::chrono_literals;
using test::child_process;
using test::inbox;
using test::temp_dir;
using ttrpc::blocking_client;
using ttrpc::client_session;

namespace {

constexpr std::string_view service = "grpc.AgentService";
constexpr auto patience = 60s;

std::string copy_request(const std::string& name, std::string data,
                         std::int64_t offset = 0) {
  grpc::CopyFileRequest out;
  out.set_path("/run/kata-containers/shared/containers/" + name);
  out.set_file_size(offset + static_cast<std::int64_t>(data.size()));
  out.set_file_mode(0100644);
  out.set_dir_mode(0750);
  out.set_offset(offset);
  out.set_data(std::move(data));
  return out.SerializeAsString();
}

struct go_guest {
  temp_dir dir;
  std::string files = dir.make_dir("files");
  guest_address address{address_scheme::unix_socket, dir / "s", 0, 0};
  child_process program{
    {GO_GUEST_AGENT, "--listen", dir / "s", "--dir", files}};

  go_guest() {
    REQUIRE(program.read_line() == "ready");
  }

  blocking_client connect() const {
    auto client = blocking_client::connect(address);
    REQUIRE(client);
    return *std::move(client);
  }
};

errc code_of(const result<bytes>& got) {
  return got ? errc::none : got.err().code;
}

/// Drives a session on a dialed stream in the thread of the test.
class session_driver {
public:
  explicit session_driver(const guest_address& address) {
    inbox<result<byte_stream_ptr>> dialed;
    dialer_.dial(address, [&](auto got) {
      dialed.put(std::move(got));
    });
    const auto got = dialed.take();
    REQUIRE(got);
    REQUIRE(*got);
    stream_ = **got;
    stream_->start({[this](bytes data) {
                      arrived_.put(std::move(data));
                    },
                    [this](const error&) {
                      arrived_.put({});
                    }});
  }
  ~session_driver() {
    loop_.stop();
  }
  session_driver(const session_driver&) = delete;
  session_driver& operator=(const session_driver&) = delete;

  std::uint32_t call(std::string_view method, std::string_view payload,
                     std::chrono::nanoseconds timeout = patience) {
    const auto made = session.call(service, method, {as_bytes(payload)},
                                   timeout, std::chrono::steady_clock::now());
    REQUIRE(made);
    stream_->send(session.take_output());
    return *made;
  }

  /// Waits for the next bytes and keeps their replies by stream id.
  void receive() {
    const auto data = arrived_.take();
    REQUIRE(data);
    REQUIRE_FALSE(data->empty());
    auto got = session.receive(*data);
    REQUIRE(got);
    for (auto& reply : *got) {
      const auto stream = reply.stream;
      replies.emplace(stream, std::move(reply));
    }
  }

  client_session session;
  std::map<std::uint32_t, client_session::reply> replies;

private:
  io_loop loop_;
  socket_dialer dialer_{loop_};
  inbox<bytes> arrived_;
  byte_stream_ptr stream_;
};

} // namespace

TEST_SUITE_BEGIN("interop/go_guest_agent");

TEST_CASE_FIXTURE(go_guest, "a Go guest agent tells its health and version") {
  auto client = connect();

  const auto health = client.call("grpc.Health", "Check", {}, patience);
  REQUIRE(health);
  CHECK(*health == bytes{0x08, 0x01});

  const auto version = client.call("grpc.Health", "Version", {}, patience);
  REQUIRE(version);
  CHECK(as_text(*version)
        == "\x0a\x05"
           "0.0.1\x12\x05"
           "4.1.0");
}

TEST_CASE_FIXTURE(go_guest, "an empty success of Go is a success") {
  auto client = connect();

  const auto got = client.call(
    service, "CopyFile", as_bytes(copy_request("a/b", "hello")), patience);

  REQUIRE(got);
  CHECK(got->empty());
  CHECK(test::read_file(files + "/a/b") == "hello");
}

TEST_CASE_FIXTURE(go_guest, "failures of Go come with code and sentence") {
  auto client = connect();
  const auto copy = [&](const std::string& name) {
    return client.call(service, "CopyFile", as_bytes(copy_request(name, "")),
                       patience);
  };

  const auto missing = copy("missing");
  REQUIRE_FALSE(missing);
  CHECK(missing.err()
        == error{errc::not_found, "there is no /run/kata-containers/shared/"
                                  "containers/missing"});
  CHECK(code_of(copy("broken")) == errc::unknown);
  CHECK(code_of(client.call(service, "Nothing", {}, patience))
        == errc::unimplemented);
  CHECK(code_of(client.call("no.Such", "CopyFile", {}, patience))
        == errc::unimplemented);
  CHECK(code_of(copy("fine")) == errc::none);
}

TEST_CASE_FIXTURE(go_guest, "Go takes the largest frame that we make") {
  auto client = connect();
  // Both calls name service and method alike, so that the overhead is equal.
  const auto overhead = [&](std::size_t size) {
    bytes out;
    const auto payload = copy_request("big", std::string(size, 'x'));
    REQUIRE(ttrpc::append_request(out, {1, service, "CopyFile", patience},
                                  {as_bytes(payload)}));
    return out.size() - size;
  };
  const auto size = ttrpc::max_frame_payload + ttrpc::frame_header_size
                    - overhead(std::size_t{4'000'000});

  const auto request = copy_request("big", std::string(size, 'x'));
  CHECK(code_of(client.call(service, "CopyFile", as_bytes(request), patience))
        == errc::none);
  CHECK(test::read_file(files + "/big") == std::string(size, 'x'));

  const auto larger = copy_request("big", std::string(size + 1, 'x'));
  CHECK(code_of(client.call(service, "CopyFile", as_bytes(larger), patience))
        == errc::resource_exhausted);
}

TEST_CASE_FIXTURE(go_guest, "hundreds of calls are in flight at once") {
  session_driver driver{address};
  constexpr int chunks = 300;
  constexpr std::size_t chunk_size = 10'000;
  std::string whole;
  std::map<std::uint32_t, errc> wanted;
  for (int i = 0; i < chunks; ++i) {
    std::string chunk(chunk_size, static_cast<char>('a' + i % 26));
    whole += chunk;
    const auto offset = static_cast<std::int64_t>(i * chunk_size);
    const auto copy = copy_request("file", std::move(chunk), offset);
    wanted[driver.call("CopyFile", copy)] = errc::none;
    if (i % 10 == 0)
      wanted[driver.call("CopyFile", copy_request("missing", ""))]
        = errc::not_found;
  }

  while (driver.session.outstanding() > 0)
    driver.receive();

  REQUIRE(driver.replies.size() == wanted.size());
  for (const auto& [stream, code] : wanted)
    CHECK(driver.replies.at(stream).code == code);
  CHECK(test::read_file(files + "/file") == whole);
  CHECK(driver.session.stray_responses() == 0);
}

TEST_CASE_FIXTURE(go_guest, "the answer to an expired call is ignored") {
  session_driver driver{address};
  const auto slow = driver.call("CopyFile", copy_request("slow", ""), 10s);
  const auto now = std::chrono::steady_clock::now();
  CHECK(driver.session.expire(now + 11s) == std::vector<std::uint32_t>{slow});

  const auto quick = driver.call("CopyFile", copy_request("quick", "x"));
  while (driver.session.stray_responses() == 0)
    driver.receive();

  CHECK(driver.replies.size() == 1);
  CHECK(driver.replies.count(quick) == 1);
}

TEST_SUITE_END();
