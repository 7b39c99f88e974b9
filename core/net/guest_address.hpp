// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fsshare {

enum class address_scheme : std::uint8_t { unix_socket, hybrid_vsock, vsock };

/// Where a guest agent listens.
struct guest_address {
  address_scheme scheme = address_scheme::unix_socket;
  /// Socket path; begins with `@` for the abstract name space. Empty for vsock.
  std::string path;
  /// Context id; `vsock_any_cid` for a listener that takes any. vsock only.
  std::uint32_t cid = 0;
  /// vsock and hybrid vsock.
  std::uint32_t port = 0;
  /// Written as `remote://`: what listens there hands requests on through a
  /// network.
  bool is_remote = false;

  friend bool operator==(const guest_address&, const guest_address&) = default;
};

/// VMADDR_CID_ANY of linux/vm_sockets.h; written -1 in an address.
constexpr std::uint32_t vsock_any_cid = 0xffffffff;

/// Reads `unix://PATH`, `unix://@NAME`, `remote://PATH`, `hvsock://PATH:PORT`
/// (port after the last colon) or `vsock://CID:PORT`.
/// @returns `errc::invalid_argument` naming the address and what is wrong.
result<guest_address> parse_guest_address(std::string_view text);

/// Writes an address as parse_guest_address() reads it; `remote` as `unix`.
std::string to_string(const guest_address& address);

} // namespace fsshare
