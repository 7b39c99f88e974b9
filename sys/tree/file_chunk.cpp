// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/file_chunk.hpp"

#include "core/copy/copy_plan.hpp"
#include "core/pacing.hpp"
#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/tree/open_beneath.hpp"
#include "sys/tree/regular_file.hpp"
#include "sys/tree/whole_read.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <unistd.h>
#include <vector>

namespace fsshare {

namespace {

// How much is read at a time of what is only counted.
constexpr std::uint64_t counted_bytes = std::uint64_t{128} << 10;

// A file with more of them is sent as if it had no holes.
constexpr std::size_t most_parts = 65'536;

// Mount points were sorted out when the tree was read.
unique_fd open_file(const std::string& root, const std::string& relative) {
  const unique_fd base{
    open(root.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW
                         | (relative.empty() ? 0 : O_DIRECTORY))};
  if (!base)
    return {};
  if (relative.empty())
    return reopen_regular_file(base.get());
  return open_regular_file(base.get(), relative, mount_crossing::cross);
}

result<struct stat> look_at(const chunk_source& source) {
  struct stat info {};
  if (fstat(source.fd(), &info) != 0)
    return errno_error(errno, "stat", source.path());
  return info;
}

// Returns whether reading gives just `size` bytes.
result<bool> ends_at(const chunk_source& source, std::uint64_t size) {
  std::uint8_t byte = 0;
  const auto beyond = read_fully(source.fd(), &byte, 1, size);
  const auto last = size == 0 ? 1 : read_fully(source.fd(), &byte, 1, size - 1);
  if (beyond < 0 || last < 0)
    return errno_error(errno, "read", source.path());
  return beyond == 0 && last == 1;
}

error too_large(const chunk_source& source, std::uint64_t most) {
  return {errc::resource_exhausted, source.path()
                                      + " has more bytes than the limit of "
                                      + std::to_string(most) + file_limit_key};
}

// Reads a file to its end for the number of its bytes.
result<std::uint64_t> count_bytes(const chunk_source& source,
                                  std::uint64_t most,
                                  const std::function<void()>& between) {
  bytes ignored(counted_bytes);
  for (std::uint64_t size = 0;;) {
    between();
    const auto count
      = read_fully(source.fd(), ignored.data(), ignored.size(), size);
    if (count < 0)
      return errno_error(errno, "read", source.path());
    size += static_cast<std::uint64_t>(count);
    if (size > most)
      return too_large(source, most);
    if (static_cast<std::uint64_t>(count) < ignored.size())
      return size;
  }
}

// Returns the ranges that are no holes (lseek(2)), nothing where the filesystem
// does not tell or there are too many.
std::optional<std::vector<file_part>> data_of(const chunk_source& source,
                                              std::uint64_t size) {
  std::vector<file_part> data;
  for (std::uint64_t at = 0; at < size;) {
    const auto begin = lseek(source.fd(), static_cast<off_t>(at), SEEK_DATA);
    // No data after it.
    if (begin < 0 && errno == ENXIO)
      return data;
    const auto end = begin < 0 ? -1 : lseek(source.fd(), begin, SEEK_HOLE);
    if (end <= begin || data.size() == most_parts)
      return std::nullopt;
    const auto first = static_cast<std::uint64_t>(begin);
    at = static_cast<std::uint64_t>(end);
    if (first < size)
      data.push_back({first, std::min(at, size) - first});
  }
  return data;
}

file_shape with_holes(const chunk_source& source, std::uint64_t size,
                      const struct stat& info) {
  const auto stored = static_cast<std::uint64_t>(info.st_blocks) * 512;
  if (size <= default_chunk_bytes
      || size - std::min(size, stored) < smallest_hole)
    return {size};
  const auto data = data_of(source, size);
  if (!data)
    return {size};
  auto shape = shape_with_holes(size, *data, default_chunk_bytes);
  const bool is_worth_it
    = shape.parts.size() <= most_parts && shape.sent_bytes() < size;
  return is_worth_it ? std::move(shape) : file_shape{size};
}

// Never closed. Where it can be found: it is no leak.
void keep_open(chunk_source_ptr file) {
  static std::mutex mutex;
  static auto* const kept = new std::vector<chunk_source_ptr>;
  const std::lock_guard lock{mutex};
  kept->push_back(std::move(file));
}

} // namespace

file_to_close::~file_to_close() {
  if (file_)
    keep_open(std::move(file_));
}

result<chunk_source_ptr> open_chunk_source(const std::string& root,
                                           const std::string& relative) {
  auto path = join(root, relative);
  auto file = open_file(root, relative);
  if (!file && errno == ENXIO)
    return error{errc::failed_precondition,
                 "open " + path + ": is no regular file any more"};
  if (!file && errno == EWOULDBLOCK)
    return error{errc::unavailable,
                 "open " + path + ": somebody holds a lease on it"};
  if (!file)
    return errno_error(errno, "open", path);
  struct stat info {};
  if (fstat(file.get(), &info) != 0)
    return errno_error(errno, "stat", path);
  return std::make_shared<const chunk_source>(std::move(file), std::move(path),
                                              info);
}

result<file_shape> find_shape(const chunk_source& source, std::uint64_t most,
                              const std::function<void()>& between) {
  std::optional<std::uint64_t> size;
  auto info = look_at(source);
  for (int i = 0; i < pacing::most_looks && !size; ++i) {
    if (!info)
      return info.err();
    between();
    const auto told = static_cast<std::uint64_t>(info->st_size);
    const auto ends = ends_at(source, told);
    if (!ends)
      return ends.err();
    const auto again = look_at(source);
    if (!again)
      return again.err();
    // One that has grown meanwhile has at least what it was told to have.
    if (*ends || again->st_size > info->st_size)
      size = told;
    else if (again->st_size == info->st_size)
      break;
    info = again;
  }
  if (!size) {
    const auto counted = count_bytes(source, most, between);
    if (!counted)
      return counted.err();
    size = *counted;
  }
  between();
  auto shape = with_holes(source, *size, *info);
  if (shape.sent_bytes() > most)
    return too_large(source, most);
  return shape;
}

result<file_chunk> load_chunk(const chunk_source& source, std::uint64_t offset,
                              std::uint64_t length) {
  bytes data(length);
  const auto count = read_fully(source.fd(), data.data(), length, offset);
  if (count < 0)
    return errno_error(errno, "read", source.path());
  data.resize(static_cast<std::size_t>(count));
  const auto after = look_at(source);
  if (!after)
    return after.err();
  return file_chunk{make_secret_blob(std::move(data)),
                    !same_state(source.opened(), *after)};
}

result<file_chunk> load_whole(const chunk_source& source, std::uint64_t size,
                              const std::function<void()>& between) {
  for (int i = 1;; ++i) {
    const auto before = look_at(source);
    if (!before)
      return before.err();
    between();
    // One byte more than it has shows that it has grown.
    auto chunk = load_chunk(source, 0, size + 1);
    if (!chunk)
      return chunk;
    const auto after = look_at(source);
    if (!after)
      return after.err();
    chunk->changed = !same_state(*before, *after);
    if (!chunk->changed || i == pacing::most_looks)
      return chunk;
  }
}

} // namespace fsshare
