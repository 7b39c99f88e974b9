// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace fsshare {

/// Encodes a value for the query of a URL: every byte but the unreserved
/// characters of RFC 3986 becomes `%XX`.
std::string percent_encode(std::string_view bytes);

} // namespace fsshare
