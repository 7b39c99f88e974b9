// SPDX-License-Identifier: Apache-2.0
#include "sys/process/kernel_calls.hpp"

#include "sys/errno_error.hpp"
#include "sys/mount_identity.hpp"
#include "sys/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fsshare {

namespace {

// Arguments that no kernel takes tell a call that exists and is allowed by the
// errno of its own.
bool is_lacking(int number) {
  return number == ENOSYS || number == EPERM || number == EACCES;
}

bool has_openat2() {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
                | RESOLVE_NO_XDEV;
  const unique_fd base{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  const unique_fd found{static_cast<int>(
    ::syscall(SYS_openat2, base.get(), ".", &how, sizeof how))};
  return static_cast<bool>(found);
}

bool has_statx() {
  struct statx info {};
  return ::statx(AT_FDCWD, "/", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &info)
           == 0
         && (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
}

std::string find_lacking_mount_call() {
  const unique_fd root{
    ::open_tree(AT_FDCWD, "/", OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW)};
  if (!root)
    return "open_tree";
  mount_attr nothing{};
  if (::mount_setattr(-1, "", AT_EMPTY_PATH, &nothing, sizeof nothing) != 0
      && is_lacking(errno))
    return "mount_setattr";
  if (::move_mount(-1, "", -1, "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
        != 0
      && is_lacking(errno))
    return "move_mount";
  return {};
}

/// The errno with which threads cannot be made, whatever their number; 0 for
/// none. Nothing is made: no structure is that small, and no thread has signal
/// handlers of its own.
struct thread_refusal {
  const char* call = "";
  int number = 0;
};

thread_refusal find_thread_refusal() {
  // Of a filter, too: the limit of tasks is looked at later.
  const auto is_refused = [] {
    return is_lacking(errno) || errno == EAGAIN;
  };
  if (::syscall(SYS_clone3, nullptr, 0) == 0 || !is_refused())
    return {};
  // The C library takes clone(2) for this errno alone.
  if (errno != ENOSYS)
    return {"clone3", errno};
  if (::syscall(SYS_clone, CLONE_THREAD, nullptr, nullptr, nullptr, nullptr)
        == 0
      || !is_refused())
    return {};
  return {"clone", errno};
}

error lacking(const std::string& call, int number) {
  return {errc::unimplemented,
          errno_error(number, "the system call", call).message
            + "; the kernel lacks it, or a seccomp filter or the lack of a "
              "capability denies it"};
}

} // namespace

std::vector<std::string> kernel_calls::missing() const {
  std::vector<std::string> names;
  if (!openat2)
    names.emplace_back("openat2");
  if (!statx)
    names.emplace_back("statx");
  if (!lacking_mount_call.empty())
    names.push_back(lacking_mount_call);
  return names;
}

const kernel_calls& available_calls() {
  static const kernel_calls calls{has_openat2(), has_statx(),
                                  find_lacking_mount_call()};
  return calls;
}

status check_needed_calls() {
  if (const auto refused = find_thread_refusal(); refused.number != 0)
    return lacking(refused.call, refused.number);
  struct probe {
    const char* name;
    int (*call)();
  };
  // An empty path is looked for before privileges are, and no descriptor has
  // the number -1.
  constexpr auto probes = std::to_array<probe>({
    {"mount",
     [] {
       return ::mount("", "", "", 0, nullptr);
     }},
    {"umount2",
     [] {
       return ::umount2("", UMOUNT_NOFOLLOW);
     }},
    {"mkdirat",
     [] {
       return ::mkdirat(AT_FDCWD, "", 0);
     }},
    {"mknodat",
     [] {
       return ::mknodat(AT_FDCWD, "", S_IFREG, 0);
     }},
    {"unlinkat",
     [] {
       return ::unlinkat(AT_FDCWD, "", 0);
     }},
    {"accept4",
     [] {
       return ::accept4(-1, nullptr, nullptr, SOCK_CLOEXEC);
     }},
    {"epoll_ctl",
     [] {
       return ::epoll_ctl(-1, EPOLL_CTL_DEL, -1, nullptr);
     }},
  });
  for (const auto& [name, call] : probes)
    if (call() != 0 && is_lacking(errno))
      return lacking(name, errno);
  if (const unique_fd queue{::epoll_create1(EPOLL_CLOEXEC)};
      !queue && is_lacking(errno))
    return lacking("epoll_create1", errno);
  if (const unique_fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
      !wake && is_lacking(errno))
    return lacking("eventfd2", errno);
  // Which mount a descriptor was opened through is told by /proc alone.
  const unique_fd root{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  const auto mount = mount_of(root.get(), "/");
  return mount ? status{unit{}} : status{mount.err()};
}

} // namespace fsshare
