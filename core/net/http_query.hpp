// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace fsshare {

/// What stands behind the question mark of a URL, decoded, by name.
using http_query = std::map<std::string, std::string, std::less<>>;

/// Reads `name=value` pairs between `&` (WHATWG URL, 5.1).
/// @returns nothing for what is malformed, or names something twice.
std::optional<http_query> parse_http_query(std::string_view text);

} // namespace fsshare
