// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/http_address.hpp"
#include "core/result.hpp"
#include "sys/unique_fd.hpp"

namespace fsshare {

/// Opens a socket that listens for TCP connections, for
/// socket_listener::take().
/// @param address Not one of a socket file.
/// @returns why the system refused.
result<unique_fd> listen_on_tcp(const http_address& address);

} // namespace fsshare
