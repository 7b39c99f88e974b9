// SPDX-License-Identifier: Apache-2.0
#include "tests/support/private_mounts.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <stdexcept>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

constexpr std::string_view work_prefix = "/tmp/fsshare-mounts-";

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + ::strerrordesc_np(errno));
}

void put(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool ok = fd >= 0
                  && ::write(fd, text.data(), text.size())
                       == static_cast<ssize_t>(text.size());
  if (fd >= 0)
    ::close(fd);
  if (!ok)
    fail("write " + path);
}

// Once per process: namespaces of users nest at most 32 deep.
bool become_root_of_own_namespace() {
  static bool done = ::geteuid() == 0;
  if (done)
    return true;
  const auto uid = ::geteuid();
  const auto gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
    return false;
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
  put("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
  done = true;
  return true;
}

void must_mount(const char* source, const std::string& target, const char* type,
                unsigned long flags) {
  if (::mount(source, target.c_str(), type, flags, nullptr) != 0)
    fail("mount " + target);
}

// In a chroot / need not be a mount point, which has no propagation to set:
// then it is made one and entered, by the one path that leads onto it.
void make_all_private() {
  if (::mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) == 0)
    return;
  if (errno != EINVAL)
    fail("make / private");
  must_mount("/", "/", nullptr, MS_BIND | MS_REC);
  if (::chdir("/..") != 0 || ::chroot(".") != 0)
    fail("enter the mount on /");
  must_mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC);
}

} // namespace

private_mounts::private_mounts(parent_mount parent) {
  if (!become_root_of_own_namespace() || ::unshare(CLONE_NEWNS) != 0) {
    unavailable_ = std::string{"needs root or user namespaces: "}
                   + ::strerrordesc_np(errno);
    return;
  }
  make_all_private();
  auto pattern = std::string{work_prefix} + "XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    fail("mkdtemp " + pattern);
  path_ = pattern;
  must_mount("work", path_, "tmpfs", 0);
  if (parent == parent_mount::shared)
    must_mount(nullptr, path_, nullptr, MS_SHARED);
}

private_mounts::~private_mounts() {
  if (path_.empty())
    return;
  ::umount2(path_.c_str(), MNT_DETACH);
  ::rmdir(path_.c_str());
}

std::string private_mounts::operator/(std::string_view name) const {
  return join(path_, name);
}

std::string private_mounts::make_dir(std::string_view name) const {
  auto path = *this / name;
  std::filesystem::create_directories(path);
  return path;
}

std::string private_mounts::write(std::string_view name,
                                  std::string_view text) const {
  auto path = *this / name;
  std::filesystem::create_directories(std::string{parent_path(path)});
  std::ofstream{path} << text;
  return path;
}

std::string private_mounts::mount_tmpfs(std::string_view name,
                                        unsigned long flags) const {
  auto path = make_dir(name);
  must_mount("volume", path, "tmpfs", flags);
  return path;
}

void bind_by_hand(const std::string& source, const std::string& target,
                  unsigned long flags) {
  must_mount(source.c_str(), target, nullptr, MS_BIND | flags);
}

void make_private_by_hand(const std::string& target) {
  must_mount(nullptr, target, nullptr, MS_PRIVATE);
}

void make_shared_by_hand(const std::string& target) {
  must_mount(nullptr, target, nullptr, MS_SHARED);
}

void unmount_by_hand(const std::string& target) {
  if (::umount2(target.c_str(), MNT_DETACH) != 0)
    fail("umount " + target);
}

slave_namespace::slave_namespace() {
  std::array<int, 2> ready{};
  std::array<int, 2> end{};
  if (::pipe2(ready.data(), O_CLOEXEC) != 0
      || ::pipe2(end.data(), O_CLOEXEC) != 0)
    fail("pipe");
  pid_ = ::fork();
  if (pid_ < 0)
    fail("fork");
  char byte = 'x';
  if (pid_ == 0) {
    ::close(end[1]);
    if (::unshare(CLONE_NEWNS) != 0
        || ::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0
        || ::write(ready[1], &byte, 1) != 1)
      ::_exit(1);
    // Ends with the pipe, even if the test is killed.
    static_cast<void>(::read(end[0], &byte, 1));
    ::_exit(0);
  }
  ::close(ready[1]);
  ::close(end[0]);
  const auto got = ::read(ready[0], &byte, 1);
  ::close(ready[0]);
  end_ = end[1];
  if (got != 1)
    throw std::runtime_error("no slave namespace");
}

slave_namespace::~slave_namespace() {
  ::close(end_);
  ::waitpid(pid_, nullptr, 0);
}

std::string slave_namespace::operator/(std::string_view path) const {
  return seen_by(pid_, path);
}

std::vector<mounted_entry> slave_namespace::mounts() const {
  return mounts_of(pid_);
}

std::string seen_by(pid_t pid, std::string_view path) {
  return "/proc/" + std::to_string(pid) + "/root" + std::string{path};
}

std::vector<mounted_entry> mounts_of(pid_t pid) {
  auto table = read_mountinfo("/proc/" + std::to_string(pid) + "/mountinfo");
  if (!table)
    throw std::runtime_error(table.err().message);
  return *std::move(table);
}

std::vector<mounted_entry> mount_table() {
  auto table = read_mountinfo();
  if (!table)
    throw std::runtime_error(table.err().message);
  std::erase_if(*table, [](const mounted_entry& entry) {
    return !entry.mount_point.starts_with(work_prefix);
  });
  return *std::move(table);
}

mounted_entry mount_at(const std::vector<mounted_entry>& table,
                       std::string_view mount_point) {
  const auto at = std::find_if(table.rbegin(), table.rend(),
                               [&](const mounted_entry& entry) {
                                 return entry.mount_point == mount_point;
                               });
  if (at == table.rend())
    throw std::runtime_error("nothing mounted at " + std::string{mount_point});
  return *at;
}

bool has_mount(const std::vector<mounted_entry>& table,
               std::string_view mount_point) {
  return std::any_of(table.begin(), table.end(),
                     [&](const mounted_entry& entry) {
                       return entry.mount_point == mount_point;
                     });
}

int write_failure(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  ::close(fd);
  return 0;
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

std::vector<std::string> tree_of(const std::string& dir) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{dir})
    paths.push_back(entry.path().string().substr(dir.size()));
  std::sort(paths.begin(), paths.end());
  return paths;
}

} // namespace fsshare::test
