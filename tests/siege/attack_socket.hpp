// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "sys/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <string>

namespace fsshare::siege {

/// Makes the calling thread leave the processors to those who do honest work.
void lower_priority();

/// Waits a moment, less if `is_ending` becomes true.
void pause_for(std::chrono::milliseconds time,
               const std::atomic<bool>& is_ending);

/// Connects to a unix socket; nothing if nobody listens. Sends and receives
/// on it give up after a fifth of a second, so that an attack can end.
unique_fd connect_for_attack(const std::string& socket);

/// Makes sends and receives give up as above.
void limit_waits(int socket);

/// Sends all of it.
/// @param limit How long a peer that takes nothing is waited for.
/// @returns false if the peer is gone, `is_ending` becomes true, or the limit
///          has passed.
bool send_all(int socket, byte_view data, const std::atomic<bool>& is_ending,
              std::chrono::milliseconds limit = std::chrono::minutes{1});

} // namespace fsshare::siege
