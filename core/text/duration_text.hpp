// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace fsshare {

/// Reads a whole number with its unit: `ns`, `us`, `ms`, `s`, `m` or `h`, such
/// as `30s` or `250ms`. No sign, no fraction, no blanks; at most about 292
/// years.
/// @returns `errc::invalid_argument` with a sentence that names the text.
result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Writes a duration of at least zero as parse_duration() reads it, in the
/// largest unit up to seconds that needs no fraction: `60s`, `1500ms`.
std::string format_duration(std::chrono::nanoseconds duration);

} // namespace fsshare
