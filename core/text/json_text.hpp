// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace fsshare {

/// Returns `text` as a JSON string, byte for byte as Go's encoding/json writes
/// it, which guests get from Kata: `<`, `>`, `&`, U+2028 and U+2029 are escaped
/// too, and what is no UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

/// Returns an object of strings, sorted by name.
std::string json_object(const std::map<std::string, std::string>& members);

/// How deep JSON from outside may be nested. Libraries copy, write and compare
/// values by recursion, and a stack ends.
inline constexpr std::size_t max_json_depth = 64;

/// Returns whether arrays and objects of `text` open deeper than that. Looks at
/// brackets outside of strings only, in one pass; says nothing else about it.
bool is_too_deep(std::string_view text) noexcept;

} // namespace fsshare
