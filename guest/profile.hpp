// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fsshare::guest {

/// Which guest agents the stand-in behaves like; each is named after the first
/// release that behaves so.
enum class profile : std::uint8_t {
  /// 3.3 to 3.17, recorded from 3.16.0.
  v3_3,
  /// 3.18 to 3.32, recorded from 3.30.0.
  v3_18,
  /// 4.0 and 4.1, recorded from 4.1.0.
  v4_0,
  /// 4.0 with kata-containers#13799, as it is proposed: nobody has recorded
  /// one.
  v4_2,
};

/// Reads `3.3`, `3.18`, `4.0` or `4.2`.
std::optional<profile> parse_profile(std::string_view text);

/// Returns what Health/Version says as agent_version.
std::string_view agent_version(profile which);

} // namespace fsshare::guest
