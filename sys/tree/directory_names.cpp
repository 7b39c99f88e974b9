// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/directory_names.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <utility>

namespace fsshare {

namespace {

struct close_directory {
  void operator()(DIR* dir) const noexcept {
    ::closedir(dir);
  }
};

} // namespace

result<std::vector<std::string>> names_in(const unique_fd& dir,
                                          const std::string& path) {
  // fdopendir() takes its descriptor over.
  unique_fd own{::fcntl(dir.get(), F_DUPFD_CLOEXEC, 0)};
  const std::unique_ptr<DIR, close_directory> stream{
    own ? ::fdopendir(own.get()) : nullptr};
  if (!stream)
    return errno_error(errno, "list", path);
  own.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    // Each stream has one reader. NOLINTNEXTLINE(concurrency-mt-unsafe)
    const auto* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0)
      return errno_error(errno, "list", path);
    if (entry == nullptr)
      return names;
    std::string name{entry->d_name};
    if (name != "." && name != "..")
      names.push_back(std::move(name));
  }
}

} // namespace fsshare
