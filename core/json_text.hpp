#pragma once

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

} // namespace fsshare
