// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/inotify.hpp"

#include "core/volume/inotify_decoder.hpp"
#include "sys/errno_error.hpp"

#include <cerrno>
#include <cstddef>
#include <utility>

#include <sys/inotify.h>
#include <unistd.h>

namespace fsshare {

namespace {

// core/ may not include kernel headers, so it repeats the layout and the bits.
static_assert(sizeof(::inotify_event) == inotify_header_bytes);
static_assert(offsetof(::inotify_event, wd) == 0);
static_assert(offsetof(::inotify_event, mask) == 4);
static_assert(offsetof(::inotify_event, cookie) == 8);
static_assert(offsetof(::inotify_event, len) == 12);
static_assert(inotify_mask::attrib == IN_ATTRIB);
static_assert(inotify_mask::moved_to == IN_MOVED_TO);
static_assert(inotify_mask::created == IN_CREATE);
static_assert(inotify_mask::removed == IN_DELETE);
static_assert(inotify_mask::delete_self == IN_DELETE_SELF);
static_assert(inotify_mask::move_self == IN_MOVE_SELF);
static_assert(inotify_mask::unmount == IN_UNMOUNT);
static_assert(inotify_mask::queue_overflow == IN_Q_OVERFLOW);
static_assert(inotify_mask::ignored == IN_IGNORED);
static_assert(inotify_mask::only_directory == IN_ONLYDIR);
static_assert(inotify_mask::mask_add == IN_MASK_ADD);
static_assert(inotify_mask::is_directory == IN_ISDIR);

constexpr std::uint32_t watched_events
  = inotify_mask::created | inotify_mask::moved_to | inotify_mask::removed
    | inotify_mask::attrib | inotify_mask::delete_self | inotify_mask::move_self
    | inotify_mask::only_directory;

// There is one watch per directory, for all reasons to watch it.
constexpr std::uint32_t entry_events
  = inotify_mask::created | inotify_mask::moved_to | inotify_mask::delete_self
    | inotify_mask::move_self | inotify_mask::only_directory;

constexpr std::size_t read_bytes = std::size_t{64} * 1024;

/// The usual text with the limit that an operator can raise.
error limit_error(int number, const char* call, const std::string& subject,
                  const char* limit) {
  auto err = errno_error(number, call, subject);
  err.message += std::string{" (limit "} + limit + ")";
  return err;
}

} // namespace

kernel_watch_api::kernel_watch_api(unique_fd fd) : fd_(std::move(fd)) {
}

result<std::unique_ptr<kernel_watch_api>> kernel_watch_api::open() {
  unique_fd fd{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (fd)
    return std::unique_ptr<kernel_watch_api>{
      new kernel_watch_api(std::move(fd))};
  const int number = errno;
  // inotify_init1(2): EMFILE is also the limit of descriptors per process.
  if (number == EMFILE)
    return limit_error(number, "open", "inotify instance",
                       "fs.inotify.max_user_instances or RLIMIT_NOFILE");
  return errno_error(number, "open", "inotify instance");
}

result<int> kernel_watch_api::add(const std::string& path) {
  return add(path, watched_events);
}

result<int> kernel_watch_api::add_entries(const std::string& path) {
  return add(path, entry_events);
}

result<int> kernel_watch_api::add(const std::string& path,
                                  std::uint32_t events) {
  const int wd = ::inotify_add_watch(fd_.get(), path.c_str(),
                                     events | inotify_mask::mask_add);
  if (wd >= 0)
    return wd;
  const int number = errno;
  if (number == ENOSPC)
    return limit_error(number, "watch", path, "fs.inotify.max_user_watches");
  return errno_error(number, "watch", path);
}

status kernel_watch_api::remove(int wd) {
  if (::inotify_rm_watch(fd_.get(), wd) == 0)
    return unit{};
  return errno_error(errno, "remove watch", std::to_string(wd));
}

result<bytes> kernel_watch_api::read_available() const {
  // Not what is returned: that may wait for long, and is small.
  thread_local bytes buffer(read_bytes);
  for (;;) {
    const auto got = ::read(fd_.get(), buffer.data(), buffer.size());
    if (got >= 0)
      return bytes(buffer.begin(), buffer.begin() + got);
    if (errno == EAGAIN)
      return bytes{};
    if (errno != EINTR)
      return errno_error(errno, "read", "inotify instance");
  }
}

late_watch_api::late_watch_api(on_open opened) : opened_(std::move(opened)) {
}

result<std::shared_ptr<kernel_watch_api>> late_watch_api::kernel() {
  const std::lock_guard lock{mutex_};
  if (!kernel_) {
    auto made = kernel_watch_api::open();
    if (!made)
      return made.err();
    kernel_ = *std::move(made);
    opened_(kernel_);
  }
  return kernel_;
}

status late_watch_api::open() {
  const auto opened = kernel();
  return opened ? status{unit{}} : status{opened.err()};
}

result<int> late_watch_api::add(const std::string& path) {
  const auto opened = kernel();
  if (!opened)
    return opened.err().within("watch " + path);
  // May block for as long as the filesystem of the path does not answer.
  return (*opened)->add(path);
}

result<int> late_watch_api::add_entries(const std::string& path) {
  const auto opened = kernel();
  if (!opened)
    return opened.err().within("watch " + path);
  return (*opened)->add_entries(path);
}

status late_watch_api::remove(int wd) {
  const auto opened = kernel();
  return opened ? (*opened)->remove(wd) : status{unit{}};
}

} // namespace fsshare
