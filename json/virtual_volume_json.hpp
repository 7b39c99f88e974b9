// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/rootfs/virtual_volume.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// Decodes every option `io.katacontainers.volume=<base64 of JSON>` in order;
/// other options are passed over. What the volumes say is for
/// check_virtual_volume() to judge.
/// @returns `errc::invalid_argument` for text that is no base64, no JSON object
///          or has a member of a wrong type. Never quotes what was sent.
result<std::vector<virtual_volume>>
decode_virtual_volumes(const std::vector<std::string>& options);

} // namespace fsshare
