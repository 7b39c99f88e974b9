// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mark_file.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr mode_t owner_only_dir = 0700;
constexpr mode_t owner_only = 0600;

} // namespace

result<bool> make_mark_file(const std::string& path, std::string_view text) {
  const std::string dir{parent_path(path)};
  if (::mkdir(dir.c_str(), owner_only_dir) != 0 && errno != EEXIST)
    return errno_error(errno, "mkdir", dir);
  const unique_fd file{
    ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, owner_only)};
  if (!file && errno == EEXIST)
    return false;
  if (!file)
    return errno_error(errno, "make", path);
  // What it says is for people; that it is there counts.
  const auto written = ::write(file.get(), text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size()))
    return true;
  auto failed = errno_error(written < 0 ? errno : ENOSPC, "write", path);
  ::unlink(path.c_str());
  return failed;
}

result<bool> remove_mark_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0)
    return true;
  if (errno == ENOENT)
    return false;
  return errno_error(errno, "remove", path);
}

result<bool> has_mark_file(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0)
    return true;
  if (errno == ENOENT)
    return false;
  return errno_error(errno, "stat", path);
}

} // namespace fsshare
