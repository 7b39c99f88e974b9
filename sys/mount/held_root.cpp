// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/held_root.hpp"

#include "sys/errno_error.hpp"
#include "sys/tree/open_beneath.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace fsshare {

namespace {

unique_fd open_root(const std::string& path) {
  return unique_fd{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

bool is_deleted(const unique_fd& fd) {
  struct stat info {};
  return ::fstat(fd.get(), &info) == 0 && info.st_nlink == 0;
}

error refused(std::string why) {
  return {errc::failed_precondition, std::move(why)};
}

} // namespace

result<held_root> held_root::open(std::string path) {
  auto fd = open_root(path);
  if (!fd)
    return errno_error(errno, "open", path);
  const auto identity = identify(fd.get(), path);
  if (!identity)
    return identity.err();
  return held_root{std::move(path), std::move(fd), *identity};
}

status held_root::check() {
  auto now = open_root(path_);
  if (!now) {
    const auto failure = errno_error(errno, "open", path_);
    if (failure.code == errc::not_found && is_deleted(fd_))
      return failure;
    return refused("share root " + path_ + " cannot be reached: "
                   + failure.message + "; what is mounted in it stays");
  }
  const auto found = identify(now.get(), path_);
  if (!found)
    return error{found.err()}.within("share root " + path_);
  if (*found == identity_)
    return unit{};
  if (found->mount == identity_.mount && is_deleted(fd_)) {
    fd_ = std::move(now);
    identity_ = *found;
    return unit{};
  }
  return elsewhere(now.get(), *found);
}

error held_root::elsewhere(int now, const mount_identity& found) const {
  const auto here = real_path(fd_.get(), path_);
  const auto there = real_path(now, path_);
  const std::string rest = "; what is mounted in it stays";
  if (here && there && *here == *there && found.mount != identity_.mount)
    return refused("share root " + path_ + " is covered by a mount" + rest
                   + " until that is unmounted");
  return refused("share root " + path_ + " is another directory now"
                 + (there ? ", " + *there : "") + (here ? ", not " + *here : "")
                 + rest);
}

} // namespace fsshare
