// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace fsshare {

constexpr std::size_t max_id_bytes = 128;

/// Whether `id` is what check_id() takes.
inline bool is_id(std::string_view id) {
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z');
  };
  return !id.empty() && id.size() <= max_id_bytes && is_alnum(id.front())
         && std::all_of(id.begin(), id.end(), [&](char c) {
              return is_alnum(c) || c == '_' || c == '.' || c == '-';
            });
}

/// Checks an id from a client: `[A-Za-z0-9][A-Za-z0-9_.-]*`, at most 128 bytes,
/// so that it can be a file name that leads nowhere else.
/// @returns `errc::invalid_argument` with a sentence that names `what`.
inline status check_id(std::string_view what, std::string_view id) {
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
