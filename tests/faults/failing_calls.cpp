// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/failing_calls.hpp"

#include <cerrno>
#include <cstdarg>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>

namespace fsshare::test {

namespace {

struct plan_of_failure {
  bool armed = false;
  std::size_t left = 0;
  std::string failed;
};

plan_of_failure& state() {
  static plan_of_failure one;
  return one;
}

// Returns whether this call fails; errno is set then.
bool fails(const char* name) {
  auto& now = state();
  if (!now.armed || now.left-- != 0)
    return false;
  now.armed = false;
  now.failed = name;
  errno = EIO;
  return true;
}

} // namespace

failing_calls::failing_calls(std::size_t at) {
  state() = {true, at, {}};
}

failing_calls::~failing_calls() {
  state().armed = false;
}

const std::string& failing_calls::failed() {
  return state().failed;
}

} // namespace fsshare::test

using fsshare::test::fails;

// With `--wrap=NAME` the linker sends calls of NAME to __wrap_NAME, and those
// of __real_NAME to NAME.
// NOLINTBEGIN(cppcoreguidelines-macro-usage): names made of pieces
#define WRAPPED(result, name, parameters, arguments)                           \
  result real_##name parameters asm("__real_" #name);                          \
  result wrap_##name parameters asm("__wrap_" #name);                          \
  result wrap_##name parameters {                                              \
    return fails(#name) ? static_cast<result>(-1) : real_##name arguments;     \
  }
#define WRAPPED_POINTER(result, name, parameters, arguments)                   \
  result real_##name parameters asm("__real_" #name);                          \
  result wrap_##name parameters asm("__wrap_" #name);                          \
  result wrap_##name parameters {                                              \
    return fails(#name) ? nullptr : real_##name arguments;                     \
  }
// NOLINTEND(cppcoreguidelines-macro-usage)

extern "C" {

WRAPPED(int, open_tree, (int dir, const char* path, unsigned flags),
        (dir, path, flags))
WRAPPED(int, mount_setattr,
        (int dir, const char* path, unsigned flags, mount_attr* attributes,
         size_t size),
        (dir, path, flags, attributes, size))
WRAPPED(int, move_mount,
        (int from, const char* from_path, int to, const char* to_path,
         unsigned flags),
        (from, from_path, to, to_path, flags))
WRAPPED(int, mount,
        (const char* source, const char* target, const char* type,
         unsigned long flags, const void* data),
        (source, target, type, flags, data))
WRAPPED(int, umount2, (const char* path, int flags), (path, flags))
WRAPPED(int, mkdirat, (int dir, const char* path, mode_t mode),
        (dir, path, mode))
WRAPPED(int, mknodat, (int dir, const char* path, mode_t mode, dev_t device),
        (dir, path, mode, device))
WRAPPED(int, unlinkat, (int dir, const char* path, int flags),
        (dir, path, flags))
WRAPPED(int, fstat, (int fd, struct stat* info), (fd, info))
WRAPPED(int, statx,
        (int dir, const char* path, int flags, unsigned mask,
         struct statx* info),
        (dir, path, flags, mask, info))
WRAPPED(int, fsync, (int fd), (fd))
WRAPPED(ssize_t, read, (int fd, void* to, size_t size), (fd, to, size))
WRAPPED(ssize_t, write, (int fd, const void* from, size_t size),
        (fd, from, size))
WRAPPED(ssize_t, readlink, (const char* path, char* to, size_t size),
        (path, to, size))
WRAPPED_POINTER(DIR*, fdopendir, (int fd), (fd))
WRAPPED_POINTER(dirent*, readdir, (DIR * dir), (dir))
// Variadic in the C library; the calling convention lets us pass on what may
// or may not be there.
WRAPPED(int, open, (const char* path, int flags, mode_t mode),
        (path, flags, mode))
WRAPPED(int, openat, (int dir, const char* path, int flags, mode_t mode),
        (dir, path, flags, mode))
WRAPPED(int, fcntl, (int fd, int command, long argument),
        (fd, command, argument))
WRAPPED(long, syscall, (long number, long a, long b, long c, long d, long e),
        (number, a, b, c, d, e))

} // extern "C"
