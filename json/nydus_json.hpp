// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/rootfs/rootfs_share.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Decodes the last option `extraoption=<base64 of JSON>`.
/// @returns nothing without one; `errc::invalid_argument` for text that is no
///          base64, no JSON object, or lacks source, config or snapshotdir.
///          Never quotes what was sent.
result<std::optional<nydus_rootfs>>
decode_nydus_rootfs(const std::vector<std::string>& options);

/// Returns the body of nydusd's mount call.
std::string render_rafs_mount(const rafs_mount& mount);

/// Returns the message of nydusd's answer to a call that failed: at most 256
/// bytes without control characters; nothing if the body has no message.
std::optional<std::string> parse_nydusd_failure(std::string_view body);

/// Returns the state that nydusd says it is in, such as `RUNNING`; nothing if
/// the body does not say.
std::optional<std::string> parse_nydusd_state(std::string_view body);

/// Returns where nydusd says that it has images mounted; nothing if the body
/// does not say.
std::optional<std::set<std::string>>
parse_nydusd_mountpoints(std::string_view body);

} // namespace fsshare
