// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <optional>
#include <string>

namespace fsshare {

/// Takes over the listening socket that whoever started this process holds for
/// it, as systemd does by a socket unit (sd_listen_fds(3)): who connects while
/// the process is started again waits, and is not refused.
///
/// Takes what the environment tells out of it, so that no child takes it for
/// its own. To be called once, before any thread starts.
/// @param path Of the socket file that is to be listened on; with a leading `@`
///        a name that is abstract (unix(7)).
/// @returns nothing if none was handed to this process;
///          `errc::invalid_argument` if it is more than one, or does not listen
///          on `path`.
result<std::optional<unique_fd>> take_inherited_socket(const std::string& path);

} // namespace fsshare
