// SPDX-License-Identifier: Apache-2.0
#include "core/net/guest_address.hpp"

#include "core/paths.hpp"

#include <charconv>

namespace fsshare {

namespace {

/// Room of sockaddr_un::sun_path (108 bytes, unix(7)) without its last byte.
constexpr std::size_t max_socket_path = 107;

error bad(std::string_view text, std::string_view why) {
  return {errc::invalid_argument,
          "guest address " + std::string{text} + ": " + std::string{why}};
}

bool parse_u32(std::string_view text, std::uint32_t& into) {
  const auto* end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, into);
  return failed == std::errc{} && at == end;
}

/// Returns what is wrong with a socket path, or nothing.
std::string path_defect(std::string_view path) {
  if (path.empty())
    return "the socket path is empty";
  if (path.size() > max_socket_path)
    return "the socket path is longer than 107 bytes";
  auto checked = check_path("socket path", path);
  return checked ? "" : checked.err().message;
}

result<guest_address> parse_unix(std::string_view text, std::string_view path) {
  guest_address address{address_scheme::unix_socket, std::string{path}, 0, 0};
  if (!path.starts_with('@')) {
    if (const auto why = path_defect(path); !why.empty())
      return bad(text, why);
    return address;
  }
  if (path.size() == 1)
    return bad(text, "the abstract name is empty");
  if (path.size() > max_socket_path)
    return bad(text, "the abstract name is longer than 106 bytes");
  if (path.find('\0') != std::string_view::npos)
    return bad(text, "the abstract name contains a NUL byte");
  return address;
}

result<guest_address> parse_remote(std::string_view text,
                                   std::string_view path) {
  if (const auto why = path_defect(path); !why.empty())
    return bad(text, why);
  return guest_address{address_scheme::unix_socket, std::string{path}, 0, 0,
                       true};
}

result<guest_address> parse_hybrid(std::string_view text,
                                   std::string_view rest) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos)
    return bad(text, "it has no port");
  guest_address address{address_scheme::hybrid_vsock, {}, 0, 0};
  address.path = rest.substr(0, colon);
  if (const auto why = path_defect(address.path); !why.empty())
    return bad(text, why);
  if (!parse_u32(rest.substr(colon + 1), address.port))
    return bad(text, "the port is no decimal number of 32 bits");
  return address;
}

result<guest_address> parse_vsock(std::string_view text,
                                  std::string_view rest) {
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos)
    return bad(text, "it has no port");
  guest_address address{address_scheme::vsock, {}, 0, 0};
  const auto cid = rest.substr(0, colon);
  if (cid == "-1")
    address.cid = vsock_any_cid;
  else if (!parse_u32(cid, address.cid))
    return bad(text, "the context id is no decimal number of 32 bits");
  if (!parse_u32(rest.substr(colon + 1), address.port))
    return bad(text, "the port is no decimal number of 32 bits");
  return address;
}

} // namespace

result<guest_address> parse_guest_address(std::string_view text) {
  const auto mark = text.find("://");
  if (mark == std::string_view::npos)
    return bad(text, "it does not begin with a scheme like unix://");
  const auto scheme = text.substr(0, mark);
  const auto rest = text.substr(mark + 3);
  if (scheme == "unix")
    return parse_unix(text, rest);
  if (scheme == "remote")
    return parse_remote(text, rest);
  if (scheme == "hvsock")
    return parse_hybrid(text, rest);
  if (scheme == "vsock")
    return parse_vsock(text, rest);
  return bad(text, "the scheme is not unix, remote, hvsock or vsock");
}

std::string to_string(const guest_address& address) {
  const auto port = ":" + std::to_string(address.port);
  switch (address.scheme) {
  case address_scheme::hybrid_vsock: return "hvsock://" + address.path + port;
  case address_scheme::vsock:
    return "vsock://"
           + (address.cid == vsock_any_cid ? "-1" : std::to_string(address.cid))
           + port;
  case address_scheme::unix_socket: break;
  }
  return "unix://" + address.path;
}

} // namespace fsshare
