// SPDX-License-Identifier: Apache-2.0
#include "sys/instance_lock.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace fsshare {

namespace {

/// Returns the process that holds a flock on `fd`, by the table of locks
/// (proc(5)): `1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF`; 0 if it cannot
/// be told, as for one of another PID namespace.
int holder_of(int fd) {
  struct stat locked {};
  if (::fstat(fd, &locked) != 0)
    return 0;
  const auto inode = ":" + std::to_string(locked.st_ino);
  std::ifstream table{"/proc/locks"};
  for (std::string line; std::getline(table, line);) {
    std::istringstream words{line};
    std::string number, kind, mode, access, file;
    int pid = 0;
    words >> number >> kind >> mode >> access >> pid >> file;
    if (words && kind == "FLOCK" && file.ends_with(inode))
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

result<unique_fd> locked(unique_fd fd, const std::string& what,
                         const std::string& path) {
  if (!fd)
    return errno_error(errno, "open " + what, path);
  int got = 0;
  do
    got = ::flock(fd.get(), LOCK_EX | LOCK_NB);
  while (got != 0 && errno == EINTR);
  if (got == 0)
    return fd;
  if (errno != EWOULDBLOCK)
    return errno_error(errno, "lock " + what, path);
  return error{errc::already_exists,
               what + " " + path + " is in use by "
                 + words_for(holder_of(fd.get()))
                 + "; two node agents would take each other's mounts away"};
}

} // namespace

result<instance_lock> instance_lock::on_directory(const std::string& what,
                                                  const std::string& path) {
  auto held = locked(
    unique_fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, what,
    path);
  if (!held)
    return held.err();
  return instance_lock{*std::move(held)};
}

result<instance_lock> instance_lock::on_file(const std::string& what,
                                             const std::string& path) {
  constexpr mode_t owner_only = 0600;
  auto held = locked(
    unique_fd{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                     owner_only)},
    what, path);
  if (!held)
    return held.err();
  return instance_lock{*std::move(held)};
}

} // namespace fsshare
