// SPDX-License-Identifier: Apache-2.0
#include "core/ids.hpp"

#include <algorithm>

namespace fsshare {

namespace {

constexpr size_t max_id_bytes = 128;

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
         || (c >= 'a' && c <= 'z');
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= max_id_bytes && is_alnum(id.front())
         && std::all_of(id.begin(), id.end(), [](char c) {
              return is_alnum(c) || c == '_' || c == '.' || c == '-';
            });
}

} // namespace

status check_id(std::string_view what, std::string_view id) {
  if (is_id(id))
    return unit{};
  std::string shown{id.substr(0, max_id_bytes)};
  std::replace_if(
    shown.begin(), shown.end(),
    [](char c) {
      return static_cast<unsigned char>(c) < 0x20;
    },
    '?');
  return error{errc::invalid_argument,
               std::string{what} + " '" + shown
                 + "' is not [A-Za-z0-9][A-Za-z0-9_.-]* of at most 128 bytes"};
}

} // namespace fsshare
