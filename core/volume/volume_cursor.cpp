// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_cursor.hpp"

#include "core/text/base64.hpp"

#include <algorithm>
#include <charconv>

namespace fsshare {

std::string to_string(const volume_cursor& at) {
  return std::to_string(at.order) + " " + base64url(at.path);
}

result<volume_cursor> parse_volume_cursor(const std::string& text) {
  const error wrong{errc::invalid_argument,
                    "volumes_after is no volumes_next of a reply"};
  volume_cursor at;
  if (text.empty())
    return at;
  const auto* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, at.order);
  if (number.ec != std::errc{} || number.ptr == end || *number.ptr != ' ')
    return wrong;
  std::string encoded{number.ptr + 1, end};
  std::replace(encoded.begin(), encoded.end(), '-', '+');
  std::replace(encoded.begin(), encoded.end(), '_', '/');
  auto path = decode_base64(encoded);
  if (!path)
    return wrong;
  at.path = *std::move(path);
  return at;
}

} // namespace fsshare
