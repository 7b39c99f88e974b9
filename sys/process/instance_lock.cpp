// SPDX-License-Identifier: Apache-2.0
#include "sys/process/instance_lock.hpp"

#include "core/pacing.hpp"
#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount_identity.hpp"
#include "sys/mountinfo.hpp"
#include "sys/process_end.hpp"

#include <cerrno>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace fsshare {

namespace {

/// Returns the device of the filesystem that `fd` is in as the table of locks
/// has it, in hexadecimal. Mounts are told by the same one; stat(2) tells
/// another of the subvolumes of btrfs.
std::string device_of_locks(int fd) {
  const auto mount = mount_of(fd, "lock");
  if (!mount)
    return {};
  const auto mounts = read_mounts({*mount});
  if (!mounts || mounts->empty())
    return {};
  std::istringstream device{mounts->front().device};
  unsigned in_major = 0;
  unsigned in_minor = 0;
  char colon = 0;
  device >> in_major >> colon >> in_minor;
  std::ostringstream text;
  text << std::hex << std::setfill('0') << std::setw(2) << in_major << ':'
       << std::setw(2) << in_minor;
  return text.str();
}

/// Returns the process that holds a flock on `fd`, by the table of locks
/// (proc(5)): `1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF`; 0 if it cannot
/// be told, as for one of another PID namespace.
int holder_of(int fd) {
  struct stat locked {};
  const auto device = device_of_locks(fd);
  if (device.empty() || ::fstat(fd, &locked) != 0)
    return 0;
  const auto wanted = device + ":" + std::to_string(locked.st_ino);
  std::ifstream table{"/proc/locks"};
  for (std::string line; std::getline(table, line);) {
    std::istringstream words{line};
    std::string number, kind, mode, access, file;
    int pid = 0;
    words >> number >> kind >> mode >> access >> pid >> file;
    if (words && kind == "FLOCK" && file == wanted)
      return pid;
  }
  return 0;
}

std::string words_for(int pid) {
  if (pid <= 0)
    return "another process, which is not seen from here";
  std::string name;
  std::ifstream comm{"/proc/" + std::to_string(pid) + "/comm"};
  std::getline(comm, name);
  return "process " + std::to_string(pid)
         + (name.empty() ? "" : " (" + name + ")");
}

unique_fd open_lock_file(const std::string& path) {
  constexpr mode_t owner_only = 0600;
  return unique_fd{::open(
    path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, owner_only)};
}

int try_lock(const unique_fd& fd) {
  int got = 0;
  do
    got = ::flock(fd.get(), LOCK_EX | LOCK_NB);
  while (got != 0 && errno == EINTR);
  return got == 0 ? 0 : errno;
}

/// Tries for a while: the readers of a process that was killed end a little
/// later than it does, unless they hang.
int try_lock_of_dead(const unique_fd& fd) {
  auto failed = try_lock(fd);
  for (int i = 0; failed == EWOULDBLOCK && i < pacing::looks_at_dead; ++i) {
    std::this_thread::sleep_for(pacing::between_looks_at_dead);
    failed = try_lock(fd);
  }
  return failed;
}

/// Locks what is open. A reader that hangs in a source outlives its process and
/// keeps the descriptors (clone(2), CLONE_FILES), so that the lock of one that
/// was killed stays: then a file takes its place whose name tells the lock that
/// it follows, the same for all who come.
/// @param successor Its path, without what tells the lock.
result<unique_fd> locked(unique_fd fd, const std::string& what,
                         const std::string& path,
                         const std::string& successor) {
  // Each is one node agent that was killed while the same source hung.
  for (int i = 0; i <= pacing::most_lock_successors; ++i) {
    if (!fd)
      return errno_error(errno, "open " + what, path);
    auto failed = try_lock(fd);
    const auto holder = failed == EWOULDBLOCK ? holder_of(fd.get()) : 0;
    // Of a process that ends just now the lock may be gone before the table is
    // read.
    if (failed == EWOULDBLOCK)
      failed = has_ended(holder) ? try_lock_of_dead(fd) : try_lock(fd);
    if (failed == 0)
      return fd;
    if (failed != EWOULDBLOCK)
      return errno_error(failed, "lock " + what, path);
    struct stat held {};
    if (!has_ended(holder) || ::fstat(fd.get(), &held) != 0)
      return error{errc::already_exists,
                   std::string{what}
                     .append(" ")
                     .append(path)
                     .append(" is in use by ")
                     .append(words_for(holder))
                     .append("; two node agents would take each other's mounts "
                             "away")};
    fd = open_lock_file(successor + "-" + std::to_string(held.st_ino));
  }
  return error{errc::already_exists,
               what + " " + path
                 + " is locked by node agents that were killed and whose "
                   "readers still hang"};
}

} // namespace

result<instance_lock> instance_lock::on_directory(const std::string& what,
                                                  const std::string& path) {
  // Beside it: nothing of ours stands among the sandboxes.
  const auto successor
    = join(parent_path(path), "." + std::string{base_name(path)} + ".lock");
  auto held = locked(
    unique_fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, what,
    path, successor);
  if (!held)
    return held.err();
  return instance_lock{*std::move(held)};
}

int instance_lock::holder_of_directory(const std::string& path) {
  const unique_fd dir{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const auto holder = dir ? holder_of(dir.get()) : 0;
  return has_ended(holder) ? 0 : holder;
}

result<instance_lock> instance_lock::on_file(const std::string& what,
                                             const std::string& path) {
  auto held = locked(open_lock_file(path), what, path, path);
  if (!held)
    return held.err();
  return instance_lock{*std::move(held)};
}

} // namespace fsshare
