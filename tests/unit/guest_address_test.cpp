// SPDX-License-Identifier: Apache-2.0
#include "core/net/guest_address.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;

namespace {

guest_address good(std::string_view text) {
  auto parsed = parse_guest_address(text);
  INFO((parsed ? std::string{} : parsed.err().message));
  REQUIRE(parsed);
  return *parsed;
}

std::string why_bad(std::string_view text) {
  const auto parsed = parse_guest_address(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.err().code == errc::invalid_argument);
  const auto prefix = "guest address " + std::string{text} + ": ";
  REQUIRE(parsed.err().message.starts_with(prefix));
  return parsed.err().message.substr(prefix.size());
}

} // namespace

TEST_SUITE_BEGIN("core/net/guest_address");

TEST_CASE("every scheme is read") {
  using enum address_scheme;
  CHECK(good("unix:///run/a.sock")
        == guest_address{unix_socket, "/run/a.sock", 0, 0});
  CHECK(good("unix://@name") == guest_address{unix_socket, "@name", 0, 0});
  CHECK(good("remote:///run/a.sock")
        == guest_address{unix_socket, "/run/a.sock", 0, 0, true});
  CHECK(good("hvsock:///run/vm.sock:1024")
        == guest_address{hybrid_vsock, "/run/vm.sock", 0, 1024});
  CHECK(good("vsock://3:1024") == guest_address{vsock, "", 3, 1024});
  CHECK(good("vsock://-1:1024")
        == guest_address{vsock, "", vsock_any_cid, 1024});
}

TEST_CASE("the port of a hybrid vsock follows the last colon") {
  CHECK(good("hvsock:///run/a:b:7")
        == guest_address{address_scheme::hybrid_vsock, "/run/a:b", 0, 7});
}

TEST_CASE("an address is written as it is read") {
  for (const std::string text :
       {"unix:///run/a.sock", "unix://@name", "hvsock:///run/vm.sock:1024",
        "vsock://3:1024", "vsock://-1:4294967295"})
    CHECK(to_string(good(text)) == text);
  CHECK(to_string(good("remote:///run/a")) == "unix:///run/a");
}

TEST_CASE("a scheme that is missing or unknown is refused") {
  CHECK(why_bad("") == "it does not begin with a scheme like unix://");
  CHECK(why_bad("/run/a") == "it does not begin with a scheme like unix://");
  CHECK(why_bad("tcp://127.0.0.1:1")
        == "the scheme is not unix, remote, hvsock or vsock");
  CHECK(why_bad("UNIX:///run/a")
        == "the scheme is not unix, remote, hvsock or vsock");
}

TEST_CASE("a socket path must be absolute, plain and short enough") {
  CHECK(why_bad("unix://") == "the socket path is empty");
  CHECK(why_bad("remote://@name") != "");
  CHECK(why_bad("unix://run/a") != "");
  CHECK(why_bad("unix:///run/../a") != "");
  CHECK(why_bad("hvsock://:1024") == "the socket path is empty");
  const auto longest = "unix:///" + std::string(106, 'x');
  CHECK(good(longest).path.size() == 107);
  CHECK(why_bad(longest + "x") == "the socket path is longer than 107 bytes");
}

TEST_CASE("an abstract name must not be empty, long or contain NUL") {
  CHECK(why_bad("unix://@") == "the abstract name is empty");
  CHECK(why_bad("unix://@" + std::string(107, 'x'))
        == "the abstract name is longer than 106 bytes");
  CHECK(why_bad(std::string_view{"unix://@a\0b", 11})
        == "the abstract name contains a NUL byte");
}

TEST_CASE("ports and context ids are decimal numbers of 32 bits") {
  CHECK(why_bad("hvsock:///run/a") == "it has no port");
  CHECK(why_bad("vsock://3") == "it has no port");
  for (const std::string port :
       {"", "-1", "+1", " 1", "1 ", "0x1", "4294967296", "1/x"}) {
    CHECK(why_bad("vsock://3:" + port)
          == "the port is no decimal number of 32 bits");
    CHECK(why_bad("hvsock:///run/a:" + port)
          == "the port is no decimal number of 32 bits");
  }
  for (const std::string cid : {"", "-2", "x", "4294967296"})
    CHECK(why_bad("vsock://" + cid + ":1")
          == "the context id is no decimal number of 32 bits");
}

TEST_SUITE_END();
