// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_namespace.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr const char* own_namespace = "/proc/thread-self/ns/mnt";

// NSFS_MAGIC of linux/magic.h.
constexpr long nsfs_magic = 0x6e736673;
// NS_GET_MNTNS_ID of linux/nsfs.h, which older headers lack.
constexpr unsigned long get_mount_namespace_id = _IOR(NSIO, 0x5, __u64);

std::string shown(const std::string& path) {
  return "mount namespace " + path;
}

error gone(const std::string& path, const std::string& why) {
  return {errc::not_found, shown(path) + " is gone: " + why};
}

error no_namespace(const std::string& path) {
  return {errc::invalid_argument, path + " is no mount namespace"};
}

error open_failure(int number, const std::string& path) {
  if (number == ENOENT || number == ESRCH)
    return gone(path, "its process has ended");
  auto failure = errno_error(number, "open", shown(path));
  if (number == EACCES || number == EPERM)
    failure.message += "; the node agent needs CAP_SYS_PTRACE for it";
  return failure;
}

bool is_nsfs(const unique_fd& file) {
  struct statfs info {};
  return ::fstatfs(file.get(), &info) == 0 && info.f_type == nsfs_magic;
}

// The process ends without a destructor, in the place that it is in.
[[noreturn]] void end_astray(const char* call) {
  std::fprintf(stderr, "fsshared: come back from a mount namespace: %s: %s\n",
               call, ::strerrordesc_np(errno));
  std::_Exit(EXIT_FAILURE);
}

unique_fd open_directory(const char* path) {
  return unique_fd{::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

// Whether /proc there tells of this very thread, as all that works below needs
// it.
status check_arrived(const mount_namespace& where) {
  struct stat info {};
  if (::stat(own_namespace, &info) == 0 && info.st_dev == where.device
      && info.st_ino == where.inode)
    return unit{};
  return error{errc::failed_precondition,
               "enter " + shown(where.path)
                 + ": /proc there does not show the node agent, which has to "
                   "run in the PID namespace of the host"};
}

} // namespace

result<opened_namespace_ptr> open_namespace(const std::string& path) {
  unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file)
    return open_failure(errno, path);
  if (!is_nsfs(file) || ::ioctl(file.get(), NS_GET_NSTYPE) != CLONE_NEWNS)
    return no_namespace(path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    return errno_error(errno, "stat", shown(path));
  __u64 id = 0;
  if (::ioctl(file.get(), get_mount_namespace_id, &id) != 0)
    id = 0;
  return std::make_shared<const opened_namespace>(
    std::move(file), mount_namespace{path, info.st_dev, info.st_ino, id});
}

result<opened_namespace_ptr> open_same_namespace(const mount_namespace& known) {
  auto found = open_namespace(known.path);
  if (found && !(*found)->which().is_same(known))
    return gone(known.path, "the path leads to another one now");
  return found;
}

result<std::unique_ptr<entered_namespace>>
entered_namespace::enter(const opened_namespace& where) {
  const auto& path = where.which().path;
  if (::unshare(CLONE_FS) != 0)
    return errno_error(errno, "unshare for", shown(path));
  unique_fd own{::open(own_namespace, O_RDONLY | O_CLOEXEC)};
  if (!own)
    return errno_error(errno, "open", own_namespace);
  auto root = open_directory("/");
  auto directory = open_directory(".");
  if (!root || !directory)
    return errno_error(errno, "open directories to come back from",
                       shown(path));
  if (::setns(where.fd(), CLONE_NEWNS) != 0) {
    auto failure = errno_error(errno, "enter", shown(path));
    if (failure.code == errc::permission_denied)
      failure.message
        += "; the node agent needs CAP_SYS_ADMIN and CAP_SYS_CHROOT for it";
    return failure;
  }
  // From here on it comes back, whatever is wrong.
  std::unique_ptr<entered_namespace> inside{new entered_namespace{
    std::move(own), std::move(root), std::move(directory)}};
  if (auto arrived = check_arrived(where.which()); !arrived)
    return arrived.err();
  return inside;
}

// setns(2) leaves the thread at the root of the namespace, which in a chroot is
// not its own.
entered_namespace::~entered_namespace() {
  if (::setns(own_.get(), CLONE_NEWNS) != 0)
    end_astray("setns");
  if (::fchdir(root_.get()) != 0)
    end_astray("fchdir");
  if (::chroot(".") != 0)
    end_astray("chroot");
  if (::fchdir(directory_.get()) != 0)
    end_astray("fchdir");
}

} // namespace fsshare
