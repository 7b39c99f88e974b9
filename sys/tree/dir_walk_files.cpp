// SPDX-License-Identifier: Apache-2.0
#include "core/pacing.hpp"
#include "sys/tree/dir_walk.hpp"

#include "sys/errno_error.hpp"
#include "sys/tree/regular_file.hpp"
#include "sys/tree/whole_read.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

void set_metadata(tree_entry& entry, const struct stat& info) {
  entry.mode = info.st_mode & 07777;
  entry.uid = info.st_uid;
  entry.gid = info.st_gid;
}

error exhausted(std::string message) {
  return {errc::resource_exhausted, std::move(message)};
}

} // namespace

status dir_walk::add_file(const opened_entry& of, const place& at,
                          tree_entry entry) {
  if (auto small = check_size(at, entry.size - entry.hole_bytes); !small)
    return small;
  bool whole
    = options_.contents == file_contents::leave || !has_memory_for(entry.size);
  for (int i = 0; !whole && i < pacing::most_readings; ++i) {
    const auto read = i == 0 ? read_once(of.handle, at, entry)
                             : read_again(of.dir, of.name, at, entry);
    if (!read && read.err().code == errc::not_found)
      return vanish(at);
    if (!read)
      return read.err();
    whole = *read;
  }
  if (!whole)
    return error{errc::aborted, shown(at.path) + " changes while it is read"};
  bytes_ += entry.size - entry.hole_bytes;
  tree_.total_bytes += entry.size - entry.hole_bytes;
  return add_entry(std::move(entry));
}

error dir_walk::unopened(int number, const place& at) const {
  return number == ENXIO || says_vanished(number)
           ? error{errc::not_found, {}}
           : errno_error(number, "open", shown(at.path));
}

// What changed is another file under that name, most often.
result<bool> dir_walk::read_again(int dir, const std::string& name,
                                  const place& at, tree_entry& entry) const {
  pause();
  const auto handle = open_beneath(dir, name, O_PATH, options_.mounts);
  return handle ? read_once(handle.get(), at, entry) : unopened(errno, at);
}

// Reads a file into `entry`; false when it changed meanwhile.
// @param handle open with O_PATH.
result<bool> dir_walk::read_once(int handle, const place& at,
                                 tree_entry& entry) const {
  pause();
  struct stat before {};
  struct stat after {};
  const auto file = reopen_regular_file(handle, before);
  if (!file)
    return unopened(errno, at);
  entry.size = static_cast<std::uint64_t>(before.st_size);
  if (auto small = check_size(at, entry.size); !small)
    return small.err();
  if (!has_memory_for(entry.size))
    return true;
  pause();
  auto data = read_to_end(file.get(), at, entry.size);
  if (!data)
    return data.err();
  pause();
  if (fstat(file.get(), &after) != 0)
    return errno_error(errno, "stat", shown(at.path));
  set_metadata(entry, after);
  entry.size = data->size();
  entry.content = make_secret_blob(*std::move(data));
  return same_state(before, after);
}

// Reads all that there is, whatever stat(2) told.
result<bytes> dir_walk::read_to_end(int file, const place& at,
                                    std::uint64_t told) const {
  bytes data;
  // One byte more than there is shows where the end is.
  for (auto room = told + 1;; room *= 2) {
    const auto filled = data.size();
    data.resize(room);
    const auto count
      = read_fully(file, data.data() + filled, room - filled, filled);
    if (count < 0)
      return errno_error(errno, "read", shown(at.path));
    data.resize(filled + static_cast<std::size_t>(count));
    if (data.size() < room)
      return data;
    if (auto small = check_size(at, data.size()); !small)
      return small.err();
  }
}

status dir_walk::add_link(int dir, const std::string& name, const place& at,
                          tree_entry entry) {
  pause();
  // A target has at most PATH_MAX - 1 bytes.
  std::array<char, PATH_MAX> target{};
  const auto length
    = readlinkat(dir, name.c_str(), target.data(), target.size());
  // EINVAL: something else has taken its place.
  if (length < 0 && errno == EINVAL)
    return vanish(at);
  if (length < 0)
    return unreadable(at, errno, "readlink");
  entry.target.assign(target.data(), static_cast<size_t>(length));
  if (options_.losses == entry_losses::count && leads_out(at.as, entry.target))
    ++tree_.losses.outward_links;
  return add_entry(std::move(entry));
}

// Refuses a file of `size` bytes on top of what was added.
status dir_walk::check_size(const place& at, std::uint64_t size) const {
  if (size > limits_.bytes_per_file)
    return exhausted(shown(at.path) + " has " + std::to_string(size)
                     + " bytes, more than the limit of "
                     + std::to_string(limits_.bytes_per_file) + file_limit_key);
  if (size > limits_.total_bytes - std::min(limits_.total_bytes, bytes_))
    return exhausted(shown_ + " has at least " + std::to_string(bytes_ + size)
                     + " bytes, more than the limit of "
                     + std::to_string(limits_.total_bytes) + sum_limit_key);
  return unit{};
}

bool dir_walk::has_memory_for(std::uint64_t contents) const {
  const auto taken = names_bytes_ + bytes_;
  return contents <= options_.memory - std::min(options_.memory, taken);
}

} // namespace fsshare
