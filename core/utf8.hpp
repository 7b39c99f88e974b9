#pragma once

#include <string_view>

namespace fsshare {

/// Returns whether `text` is well-formed UTF-8 (RFC 3629: shortest form, no
/// surrogates, at most U+10FFFF), as protobuf demands of strings.
bool is_utf8(std::string_view text);

} // namespace fsshare
