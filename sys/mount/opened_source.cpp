// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/opened_source.hpp"

#include "sys/errno_error.hpp"
#include "sys/tree/file_look.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace fsshare {

result<opened_source_ptr> open_source(const std::string& path) {
  // O_PATH opens an automount point as it is; looking at it has the automounter
  // mount there first (statx(2)). If that fails, so will open.
  wake_automounter(path);
  unique_fd file{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (!file)
    return errno_error(errno, "open", path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    return errno_error(errno, "stat", path);
  return std::make_shared<const opened_source>(std::move(file),
                                               S_ISDIR(info.st_mode));
}

} // namespace fsshare
