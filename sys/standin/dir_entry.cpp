// SPDX-License-Identifier: Apache-2.0
#include "sys/standin/dir_entry.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

bool is_name(const std::string& name) {
  using namespace std::string_view_literals;
  return !name.empty() && name != "." && name != ".."
         && name.find_first_of("/\0"sv) == std::string::npos;
}

os_result<unique_fd> open_at(const unique_fd& dir, const std::string& name,
                             int flags, std::uint32_t mode) {
  if (!is_name(name))
    return std::errc::invalid_argument;
  unique_fd opened{::openat(dir.get(), name.c_str(),
                            flags | O_NOFOLLOW | O_CLOEXEC, mode & 07777U)};
  if (!opened)
    return last_errno();
  return opened;
}

} // namespace

namespace dir_entry {

os_result<file_status> status(const unique_fd& dir, const std::string& name) {
  if (!is_name(name))
    return std::errc::invalid_argument;
  struct stat found {};
  if (::fstatat(dir.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) < 0)
    return last_errno();
  return file_status{found.st_mode, found.st_uid, found.st_gid, found.st_size};
}

std::errc make_directory(const unique_fd& dir, const std::string& name,
                         std::uint32_t mode) {
  if (!is_name(name))
    return std::errc::invalid_argument;
  return outcome_of(::mkdirat(dir.get(), name.c_str(), mode & 07777U));
}

std::errc make_symlink(const unique_fd& dir, const std::string& name,
                       const std::string& target) {
  if (!is_name(name) || target.find('\0') != std::string::npos)
    return std::errc::invalid_argument;
  return outcome_of(::symlinkat(target.c_str(), dir.get(), name.c_str()));
}

os_result<unique_fd> open_directory(const unique_fd& dir,
                                    const std::string& name) {
  return open_at(dir, name, O_RDONLY | O_DIRECTORY, 0);
}

os_result<unique_fd> find_directory(const unique_fd& dir,
                                    const std::string& name) {
  return open_at(dir, name, O_PATH | O_DIRECTORY, 0);
}

os_result<unique_fd> open_file(const unique_fd& dir, const std::string& name,
                               std::uint32_t mode, bool truncate) {
  return open_at(dir, name, O_RDWR | O_CREAT | (truncate ? O_TRUNC : 0), mode);
}

std::errc remove_file(const unique_fd& dir, const std::string& name) {
  if (!is_name(name))
    return std::errc::invalid_argument;
  return outcome_of(::unlinkat(dir.get(), name.c_str(), 0));
}

std::errc remove_directory(const unique_fd& dir, const std::string& name) {
  if (!is_name(name))
    return std::errc::invalid_argument;
  return outcome_of(::unlinkat(dir.get(), name.c_str(), AT_REMOVEDIR));
}

std::errc rename(const unique_fd& dir, const std::string& from,
                 const std::string& to) {
  if (!is_name(from) || !is_name(to))
    return std::errc::invalid_argument;
  return outcome_of(::renameat(dir.get(), from.c_str(), dir.get(), to.c_str()));
}

std::errc change_owner(const unique_fd& dir, const std::string& name,
                       std::uint32_t uid, std::uint32_t gid) {
  if (!is_name(name))
    return std::errc::invalid_argument;
  return outcome_of(
    ::fchownat(dir.get(), name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW));
}

os_result<std::vector<std::string>> names(const unique_fd& dir) {
  // A descriptor of our own: closedir() closes what fdopendir() was given.
  unique_fd copy{::openat(dir.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!copy)
    return last_errno();
  const auto close = [](DIR* stream) {
    ::closedir(stream);
  };
  std::unique_ptr<DIR, decltype(close)> stream{::fdopendir(copy.get()), close};
  if (!stream)
    return last_errno();
  static_cast<void>(copy.release());
  std::vector<std::string> found;
  for (;;) {
    errno = 0;
    // readdir(3) is safe here: no other thread has this stream.
    const auto* entry
      = ::readdir(stream.get()); // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr)
      break;
    std::string name{static_cast<const char*>(entry->d_name)};
    if (is_name(name))
      found.push_back(std::move(name));
  }
  if (errno != 0)
    return last_errno();
  return found;
}

} // namespace dir_entry

} // namespace fsshare
