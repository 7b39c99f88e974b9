// SPDX-License-Identifier: Apache-2.0
#include "core/copy/temp_name.hpp"

#include "core/paths.hpp"

namespace fsshare {

namespace {

constexpr std::string_view extension = ".tmp";

// Returns the name up to its extension, the dot excluded.
std::string_view stem(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  if (dot == std::string_view::npos || dot == 0)
    return file_name;
  return file_name.substr(0, dot);
}

} // namespace

std::string temp_name(std::string_view file_name) {
  return std::string{stem(file_name)}.append(extension);
}

bool has_sendable_temp_name(std::string_view file_name) {
  return stem(file_name).size() + extension.size() <= max_name_bytes;
}

} // namespace fsshare
