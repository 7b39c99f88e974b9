// SPDX-License-Identifier: Apache-2.0
#include "sys/file_chunk.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/open_beneath.hpp"

#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace fsshare {

namespace {

// Mount points were sorted out when the tree was read.
unique_fd open_file(const std::string& root, const std::string& relative) {
  if (relative.empty())
    return unique_fd{open(root.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW
                                          | O_NONBLOCK | O_NOCTTY)};
  const unique_fd base{
    open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
  if (!base)
    return {};
  return open_beneath(base.get(), relative, O_RDONLY, mount_crossing::cross);
}

} // namespace

file_to_close::~file_to_close() {
  if (!file_)
    return;
  // Where it can be found: it is no leak.
  static std::mutex mutex;
  static auto* const kept = new std::vector<chunk_source_ptr>;
  const std::lock_guard lock{mutex};
  kept->push_back(std::move(file_));
}

result<chunk_source_ptr> open_chunk_source(const std::string& root,
                                           const std::string& relative) {
  auto path = join(root, relative);
  auto file = open_file(root, relative);
  if (!file)
    return errno_error(errno, "open", path);
  struct stat info {};
  if (fstat(file.get(), &info) != 0)
    return errno_error(errno, "stat", path);
  if (!S_ISREG(info.st_mode))
    return error{errc::failed_precondition,
                 "open " + path + ": is no regular file any more"};
  return std::make_shared<const chunk_source>(std::move(file), std::move(path));
}

result<file_chunk> load_chunk(const chunk_source& source, std::uint64_t offset,
                              std::uint64_t length) {
  bytes data(length);
  std::uint64_t filled = 0;
  std::optional<error> failure;
  while (filled < length && !failure) {
    const auto count = pread(source.fd(), data.data() + filled, length - filled,
                             static_cast<off_t>(offset + filled));
    if (count == 0)
      break;
    if (count > 0)
      filled += static_cast<std::uint64_t>(count);
    else if (errno != EINTR)
      failure = errno_error(errno, "read", source.path());
  }
  if (failure)
    return *failure;
  return file_chunk{make_secret_blob(std::move(data)), length - filled};
}

} // namespace fsshare
