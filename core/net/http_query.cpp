// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_query.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace fsshare {

namespace {

std::optional<std::string> decoded(std::string_view text) {
  constexpr std::size_t escape = 3;
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out.push_back(text.front() == '+' ? ' ' : text.front());
      text.remove_prefix(1);
      continue;
    }
    unsigned char byte = 0;
    const auto digits = text.substr(1, escape - 1);
    const auto* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, byte, 16);
    if (digits.size() != escape - 1 || read.ec != std::errc{}
        || read.ptr != end)
      return std::nullopt;
    out.push_back(static_cast<char>(byte));
    text.remove_prefix(escape);
  }
  return out;
}

} // namespace

std::optional<http_query> parse_http_query(std::string_view text) {
  http_query out;
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty())
      continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    auto value = decoded(pair.substr(std::min(pair.size(), equals + 1)));
    if (!name || !value
        || !out.emplace(*std::move(name), *std::move(value)).second)
      return std::nullopt;
  }
  return out;
}

} // namespace fsshare
