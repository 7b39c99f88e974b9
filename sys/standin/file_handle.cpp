// SPDX-License-Identifier: Apache-2.0
#include "sys/standin/file_handle.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare::file_handle {

os_result<file_status> status(const unique_fd& file) {
  struct stat found {};
  if (::fstat(file.get(), &found) < 0)
    return last_errno();
  return file_status{found.st_mode, found.st_uid, found.st_gid, found.st_size};
}

std::errc change_mode(const unique_fd& file, std::uint32_t mode) {
  // fchmod(2) refuses an O_PATH handle; through /proc it is taken.
  const auto path = "/proc/self/fd/" + std::to_string(file.get());
  return outcome_of(::chmod(path.c_str(), mode & 07777U));
}

std::errc change_owner(const unique_fd& file, std::uint32_t uid,
                       std::uint32_t gid) {
  return outcome_of(::fchownat(file.get(), "", uid, gid, AT_EMPTY_PATH));
}

std::errc write_at(const unique_fd& file, byte_view data, std::int64_t offset) {
  while (!data.empty()) {
    const auto count = ::pwrite(file.get(), data.data(), data.size(), offset);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return last_errno();
    data = data.subspan(static_cast<std::size_t>(count));
    offset += count;
  }
  return {};
}

} // namespace fsshare::file_handle
