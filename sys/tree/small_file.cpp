// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/small_file.hpp"

#include "sys/errno_error.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr std::size_t max_small_file = 4096;

} // namespace

result<std::string> read_small_file(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    return errno_error(errno, "stat", path);
  if (!S_ISREG(info.st_mode))
    return error{errc::failed_precondition,
                 "read " + path + ": not a regular file"};
  std::array<char, max_small_file + 1> buffer{};
  const auto got = ::read(fd, buffer.data(), buffer.size());
  if (got < 0)
    return errno_error(errno, "read", path);
  if (static_cast<std::size_t>(got) > max_small_file)
    return error{errc::failed_precondition,
                 "read " + path + ": more than 4096 bytes"};
  return std::string{buffer.data(), static_cast<std::size_t>(got)};
}

} // namespace fsshare
