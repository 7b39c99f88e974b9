// SPDX-License-Identifier: Apache-2.0
#include "sys/journal/state_files.hpp"

#include "core/ids.hpp"
#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr std::string_view suffix = ".jsonl";
constexpr std::string_view unfinished_suffix = ".jsonl.new";
constexpr std::string_view aside_suffix = ".aside";
constexpr mode_t owner_only_dir = 0700;
constexpr mode_t dir_above = 0755;
constexpr mode_t owner_only = 0600;

struct close_directory {
  void operator()(DIR* dir) const noexcept {
    ::closedir(dir);
  }
};

status write_once(const unique_fd& fd, std::string_view text,
                  const std::string& path) {
  ssize_t put = 0;
  do
    put = ::write(fd.get(), text.data(), text.size());
  while (put < 0 && errno == EINTR);
  if (put == static_cast<ssize_t>(text.size()))
    return unit{};
  return errno_error(put < 0 ? errno : ENOSPC, "write", path);
}

status write_all(const unique_fd& fd, std::string_view text,
                 const std::string& path) {
  while (!text.empty()) {
    const auto put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return errno_error(put < 0 ? errno : ENOSPC, "write", path);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return unit{};
}

result<std::string> read_file(const std::string& path) {
  const unique_fd fd{
    ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!fd)
    return errno_error(errno, "open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0)
    return errno_error(errno, "stat", path);
  if (!S_ISREG(info.st_mode))
    return error{errc::failed_precondition, path + " is no regular file"};
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno_error(errno, "read", path);
    if (got == 0)
      return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > state_files::most_bytes)
      return error{errc::resource_exhausted, path + " has more than 64 MiB"};
  }
}

result<std::vector<std::string>> list(const std::string& dir) {
  const std::unique_ptr<DIR, close_directory> stream{::opendir(dir.c_str())};
  std::vector<std::string> names;
  if (!stream && errno == ENOENT)
    return names;
  if (!stream)
    return errno_error(errno, "list", dir);
  for (;;) {
    errno = 0;
    // Each stream has one reader. NOLINTNEXTLINE(concurrency-mt-unsafe)
    const auto* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0)
      return errno_error(errno, "list", dir);
    if (entry == nullptr)
      break;
    names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace

std::string state_files::path_of(const std::string& sandbox_id) const {
  return join(dir_, sandbox_id + std::string{suffix});
}

status state_files::make_dir() const {
  for (auto end = dir_.find('/', 1);; end = dir_.find('/', end + 1)) {
    const auto dir = dir_.substr(0, end);
    const auto mode = end == std::string::npos ? owner_only_dir : dir_above;
    if (::mkdir(dir.c_str(), mode) != 0 && errno != EEXIST)
      return errno_error(errno, "mkdir", dir);
    if (end == std::string::npos)
      return unit{};
  }
}

status state_files::append(const std::string& sandbox_id,
                           std::string_view text) const {
  const auto path = path_of(sandbox_id);
  const unique_fd fd{
    ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd)
    return errno_error(errno, "open", path);
  return write_once(fd, text, path);
}

status state_files::replace(const std::string& sandbox_id,
                            std::string_view text) const {
  const auto path = path_of(sandbox_id);
  const auto fresh = join(dir_, sandbox_id + std::string{unfinished_suffix});
  unique_fd fd{::open(fresh.c_str(),
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                      owner_only)};
  if (!fd && errno == ENOENT) {
    if (auto made = make_dir(); !made)
      return made;
    fd = unique_fd{::open(fresh.c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                          owner_only)};
  }
  if (!fd)
    return errno_error(errno, "make", fresh);
  auto written = write_all(fd, text, fresh);
  if (written && ::rename(fresh.c_str(), path.c_str()) != 0)
    written = errno_error(errno, "rename", fresh);
  if (!written)
    ::unlink(fresh.c_str());
  return written;
}

status state_files::remove(const std::string& sandbox_id) const {
  const auto path = path_of(sandbox_id);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return errno_error(errno, "unlink", path);
  return unit{};
}

status state_files::set_aside(const std::string& sandbox_id) const {
  const auto path = path_of(sandbox_id);
  if (::rename(path.c_str(), (path + std::string{aside_suffix}).c_str()) != 0)
    return errno_error(errno, "rename", path);
  return unit{};
}

result<std::vector<state_files::file>> state_files::read_all() const {
  const auto names = list(dir_);
  if (!names)
    return names.err();
  for (const auto& name : *names)
    if (name.ends_with(unfinished_suffix)
        && is_id(name.substr(0, name.size() - unfinished_suffix.size())))
      ::unlink(join(dir_, name).c_str());
  return look_at_all();
}

result<std::vector<state_files::file>> state_files::look_at_all() const {
  const auto names = list(dir_);
  if (!names)
    return names.err();
  std::vector<file> out;
  for (const auto& name : *names) {
    if (!name.ends_with(suffix))
      continue;
    auto id = name.substr(0, name.size() - suffix.size());
    if (is_id(id))
      out.push_back({std::move(id), read_file(join(dir_, name))});
  }
  return out;
}

std::vector<std::string> state_files::names_set_aside() const {
  auto names = list(dir_);
  if (!names)
    return {};
  const auto ending = std::string{suffix} + std::string{aside_suffix};
  std::erase_if(*names, [&ending](const std::string& name) {
    return !name.ends_with(ending);
  });
  return *std::move(names);
}

std::vector<std::string> state_files::sandboxes_set_aside() const {
  std::vector<std::string> out;
  for (const auto& name : names_set_aside())
    if (auto id
        = name.substr(0, name.size() - suffix.size() - aside_suffix.size());
        is_id(id))
      out.push_back(std::move(id));
  return out;
}

status state_files::remove_aside(const std::string& sandbox_id) const {
  const auto path = path_of(sandbox_id) + std::string{aside_suffix};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return errno_error(errno, "unlink", path);
  return unit{};
}

std::string state_files::why_not_writable() const {
  struct statvfs info {};
  if (::statvfs(dir_.c_str(), &info) != 0)
    return {};
  if ((info.f_flag & ST_RDONLY) != 0)
    return "it is read-only";
  return info.f_bavail == 0 ? "no space is left" : "";
}

result<std::string> read_boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id");
  if (text && text->ends_with('\n'))
    text->pop_back();
  return text;
}

} // namespace fsshare
