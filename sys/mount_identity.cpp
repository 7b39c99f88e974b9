// SPDX-License-Identifier: Apache-2.0
#include "sys/mount_identity.hpp"

#include "sys/errno_error.hpp"
#include "sys/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace fsshare {

result<std::uint64_t> mount_of(int fd, std::string_view shown) {
  const auto path = "/proc/self/fdinfo/" + std::to_string(fd);
  const unique_fd info{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!info)
    return errno_error(errno, "find the mount of", shown);
  // `mnt_id` is the third line, whatever follows.
  std::array<char, 512> buffer{};
  const auto got = ::read(info.get(), buffer.data(), buffer.size());
  if (got < 0)
    return errno_error(errno, "find the mount of", shown);
  const std::string_view text{buffer.data(), static_cast<std::size_t>(got)};
  constexpr std::string_view key = "mnt_id:\t";
  const auto at = text.find(key);
  std::uint64_t id = 0;
  if (at != std::string_view::npos) {
    const auto digits = text.substr(at + key.size());
    const auto* end = digits.data() + digits.size();
    if (std::from_chars(digits.data(), end, id).ec == std::errc{})
      return id;
  }
  return error{errc::unimplemented, "find the mount of " + std::string{shown}
                                      + ": fdinfo has no mnt_id"};
}

result<mount_identity> identify(int fd, std::string_view shown) {
  const auto mount = mount_of(fd, shown);
  if (!mount)
    return mount.err();
  // Both numbers are known of whatever is open; fstat(2) would ask for the
  // rest.
  struct statx seen {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &seen)
      == 0)
    return mount_identity{makedev(seen.stx_dev_major, seen.stx_dev_minor),
                          seen.stx_ino, *mount};
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    return errno_error(errno, "stat", shown);
  return mount_identity{info.st_dev, info.st_ino, *mount};
}

} // namespace fsshare
