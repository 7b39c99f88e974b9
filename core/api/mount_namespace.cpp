// SPDX-License-Identifier: Apache-2.0
#include "core/api/mount_namespace.hpp"

#include <algorithm>

namespace fsshare {

namespace {

// PID_MAX_LIMIT of linux/threads.h is 4194304.
constexpr std::size_t most_digits = 7;

bool take(std::string_view& rest, std::string_view word) {
  if (!rest.starts_with(word))
    return false;
  rest.remove_prefix(word.size());
  return true;
}

bool take_number(std::string_view& rest) {
  const auto end = std::find_if(rest.begin(), rest.end(), [](char c) {
    return c < '0' || c > '9';
  });
  const auto digits = static_cast<std::size_t>(end - rest.begin());
  if (digits == 0 || digits > most_digits || rest.front() == '0')
    return false;
  rest.remove_prefix(digits);
  return true;
}

bool is_namespace_of_process(std::string_view path) {
  if (!take(path, "/proc/") || !take_number(path))
    return false;
  if (take(path, "/task/") && !take_number(path))
    return false;
  return path == "/ns/mnt";
}

} // namespace

status check_mount_namespace(std::string_view path) {
  if (is_namespace_of_process(path))
    return unit{};
  constexpr std::size_t shown = 128;
  return error{errc::invalid_argument,
               "mount_namespace '" + std::string{path.substr(0, shown)}
                 + "' is none of /proc/PID/ns/mnt and "
                   "/proc/PID/task/TID/ns/mnt, with the numbers that the "
                   "node agent sees"};
}

} // namespace fsshare
