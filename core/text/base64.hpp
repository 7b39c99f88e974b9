// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fsshare {

/// Encodes with the URL and file name safe alphabet of RFC 4648 §5 and padding.
std::string base64url(std::string_view bytes);

/// Decodes the standard alphabet of RFC 4648 §4.
/// @returns nothing for any other character, missing or misplaced padding, or
///          bits that no byte has.
std::optional<std::string> decode_base64(std::string_view text);

} // namespace fsshare
