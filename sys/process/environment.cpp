// SPDX-License-Identifier: Apache-2.0
#include "sys/process/environment.hpp"

#include <charconv>
#include <cstdlib>

namespace fsshare {

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string out = value == nullptr ? "" : value;
  ::unsetenv(name);
  return out;
}

std::optional<std::uint64_t> number_in(const std::string& text) {
  std::uint64_t out = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  if (read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return out;
}

} // namespace fsshare
