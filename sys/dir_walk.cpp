// SPDX-License-Identifier: Apache-2.0
#include "sys/dir_walk.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/file_look.hpp"
#include "sys/file_system_type.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

// How often a file is read again that changes while it is read.
constexpr int most_readings = 3;

struct directory_closer {
  void operator()(DIR* dir) const noexcept {
    closedir(dir);
  }
};

using directory_stream = std::unique_ptr<DIR, directory_closer>;

// Returns why an entry of that st_mode is not copied, null for those that are.
const char* special_type(std::uint32_t mode) {
  switch (mode & S_IFMT) {
  case S_IFDIR:
  case S_IFREG:
  case S_IFLNK: return nullptr;
  case S_IFSOCK: return "is a socket";
  case S_IFIFO: return "is a FIFO";
  case S_IFCHR: return "is a character device";
  case S_IFBLK: return "is a block device";
  default: return "is of an unknown type";
  }
}

entry_type type_of(std::uint32_t mode) {
  if (S_ISDIR(mode))
    return entry_type::directory;
  return S_ISREG(mode) ? entry_type::file : entry_type::symlink;
}

void set_metadata(tree_entry& entry, std::uint32_t mode, std::uint32_t uid,
                  std::uint32_t gid) {
  entry.mode = mode & 07777;
  entry.uid = uid;
  entry.gid = gid;
}

// Whether the kernel says that an entry is not there (any more), or not of the
// type that it was when it was listed.
bool is_vanished(int number) {
  return number == ENOENT || number == ENOTDIR || number == ELOOP
         || number == ESTALE;
}

bool same_time(const timespec& x, const timespec& y) {
  return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

bool same_state(const struct stat& x, const struct stat& y) {
  return x.st_size == y.st_size && same_time(x.st_mtim, y.st_mtim)
         && same_time(x.st_ctim, y.st_ctim);
}

// Reads until the end of the file or of `data`; -1 with errno on failure.
ssize_t read_all(int fd, bytes& data) {
  size_t filled = 0;
  while (filled < data.size()) {
    const auto count = read(fd, data.data() + filled, data.size() - filled);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return -1;
    if (count == 0)
      break;
    filled += static_cast<size_t>(count);
  }
  return static_cast<ssize_t>(filled);
}

error exhausted(std::string message) {
  return {errc::resource_exhausted, std::move(message)};
}

} // namespace

dir_walk::dir_walk(int base, std::string shown, const read_limits& limits,
                   options opts, const checkpoint& between)
  : base_(base), shown_(std::move(shown)), limits_(limits), options_(opts),
    between_(between) {
}

status dir_walk::add(const std::string& name, const std::string& as,
                     vanished_entries vanished) {
  vanished_ = vanished;
  auto added = visit(base_, name, {name, as});
  // Directory by directory: no descriptor stays open for the ones above.
  while (added && !pending_.empty()) {
    const auto next = std::move(pending_.back());
    pending_.pop_back();
    added = visit_children(next);
  }
  pending_.clear();
  return added;
}

result<std::vector<std::string>> dir_walk::names(const std::string& path) {
  pause();
  auto dir = open_directory(path);
  if (!dir)
    return errno_error(errno, "open", shown(path));
  std::vector<std::string> out;
  const auto add = [this, &out](int, std::string_view name) -> status {
    out.emplace_back(name);
    return charge(name.size());
  };
  if (auto listed = list(std::move(dir), path, add); !listed)
    return listed.err();
  std::sort(out.begin(), out.end());
  return out;
}

tree_snapshot dir_walk::take() {
  std::sort(tree_.entries.begin(), tree_.entries.end(),
            [](const auto& x, const auto& y) {
              return x.path < y.path;
            });
  tree_.skipped.sort();
  return std::exchange(tree_, {});
}

void dir_walk::pause() const {
  if (between_)
    between_();
}

std::string dir_walk::shown(const std::string& path) const {
  return join(shown_, path);
}

// Adds the entry `name` of the open directory `dir`; a directory's children are
// left to be visited.
status dir_walk::visit(int dir, const std::string& name, const place& at) {
  pause();
  const auto info
    = look(dir, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  if (info.failure != 0) {
    if (is_vanished(info.failure))
      return vanish(at);
    return errno_error(info.failure, "stat", shown(at.path));
  }
  const char* reason = special_type(info.mode);
  if (reason == nullptr)
    reason = foreign(at, info.is_mount_root);
  if (reason != nullptr)
    return skip(at, reason);
  tree_entry entry;
  entry.path = at.as;
  entry.type = type_of(info.mode);
  set_metadata(entry, info.mode, info.uid, info.gid);
  if (entry.type == entry_type::symlink)
    return add_link(dir, name, at, std::move(entry));
  if (entry.type == entry_type::file) {
    entry.size = info.size;
    return add_file(dir, name, at, std::move(entry));
  }
  pending_.push_back(at);
  return add_entry(std::move(entry));
}

// Returns why an entry is left out for what is mounted there, null for others.
const char* dir_walk::foreign(const place& at, bool is_mount) const {
  constexpr const char* kernels = "is on a filesystem of the kernel";
  // The base may be a mount point: it was asked for by name.
  if (at.path.empty())
    return is_on_kernel_file_system(base_) ? kernels : nullptr;
  if (!is_mount)
    return nullptr;
  if (options_.mounts == mount_crossing::skip)
    return "is a mount point";
  const auto root = open_beneath(base_, at.path, O_PATH, options_.mounts);
  // What is gone is found to be by who reads it.
  return root && is_on_kernel_file_system(root.get()) ? kernels : nullptr;
}

unique_fd dir_walk::open_directory(const std::string& path) const {
  return open_beneath(base_, path, O_RDONLY | O_DIRECTORY, options_.mounts);
}

// Calls `each` with every name as it is read, so that no directory is held.
status dir_walk::list(unique_fd dir, const std::string& path,
                      const each_name& each) {
  pause();
  const directory_stream stream{fdopendir(dir.get())};
  if (!stream)
    return errno_error(errno, "list", shown(path));
  // The stream closes it.
  const int fd = dir.release();
  for (;;) {
    errno = 0;
    const auto* entry = readdir(stream.get());
    if (entry == nullptr && errno != 0)
      return errno_error(errno, "list", shown(path));
    if (entry == nullptr)
      break;
    const std::string_view name{static_cast<const char*>(entry->d_name)};
    if (name == "." || name == "..")
      continue;
    if (options_.stop && *options_.stop)
      return error{errc::aborted,
                   "list " + shown(path) + ": not wanted any more"};
    if (auto done = each(fd, name); !done)
      return done;
  }
  return unit{};
}

status dir_walk::visit_children(const place& at) {
  pause();
  auto dir = open_directory(at.path);
  if (!dir)
    return is_vanished(errno)
             ? vanish(at)
             : status{errno_error(errno, "open", shown(at.path))};
  return list(std::move(dir), at.path,
              [this, &at](int fd, std::string_view name) {
                return visit(fd, std::string{name},
                             {join(at.path, name), join(at.as, name)});
              });
}

status dir_walk::vanish(const place& at) const {
  if (vanished_ == vanished_entries::leave_out)
    return unit{};
  return error{errc::aborted, shown(at.path) + " vanished while it was read"};
}

status dir_walk::add_file(int dir, const std::string& name, const place& at,
                          tree_entry entry) {
  if (auto small = check_size(at, entry.size); !small)
    return small;
  bool whole
    = options_.contents == file_contents::leave || !has_memory_for(entry.size);
  for (int i = 0; !whole && i < most_readings; ++i) {
    const auto read = read_once(dir, name, at, entry);
    if (!read && read.err().code == errc::not_found)
      return vanish(at);
    if (!read)
      return read.err();
    whole = *read;
  }
  if (!whole)
    return error{errc::aborted, shown(at.path) + " changes while it is read"};
  bytes_ += entry.size;
  tree_.total_bytes += entry.size;
  return add_entry(std::move(entry));
}

// Reads a file into `entry`; false when it changed meanwhile.
result<bool> dir_walk::read_once(int dir, const std::string& name,
                                 const place& at, tree_entry& entry) const {
  pause();
  const auto file = open_beneath(dir, name, O_RDONLY, options_.mounts);
  if (!file)
    return is_vanished(errno) ? error{errc::not_found, {}}
                              : errno_error(errno, "open", shown(at.path));
  struct stat before {};
  struct stat after {};
  if (fstat(file.get(), &before) != 0)
    return errno_error(errno, "stat", shown(at.path));
  if (!S_ISREG(before.st_mode))
    return error{errc::not_found, {}};
  entry.size = static_cast<std::uint64_t>(before.st_size);
  if (auto small = check_size(at, entry.size); !small)
    return small.err();
  if (!has_memory_for(entry.size))
    return true;
  // One byte more than it has shows that it has grown.
  bytes data(entry.size + 1);
  pause();
  const auto count = read_all(file.get(), data);
  if (count < 0)
    return errno_error(errno, "read", shown(at.path));
  data.resize(static_cast<size_t>(count));
  entry.content = make_secret_blob(std::move(data));
  pause();
  if (fstat(file.get(), &after) != 0)
    return errno_error(errno, "stat", shown(at.path));
  set_metadata(entry, after.st_mode, after.st_uid, after.st_gid);
  return same_state(before, after) && entry.content->size() == entry.size;
}

status dir_walk::add_link(int dir, const std::string& name, const place& at,
                          tree_entry entry) {
  pause();
  // A target has at most PATH_MAX - 1 bytes.
  std::array<char, PATH_MAX> target{};
  const auto length
    = readlinkat(dir, name.c_str(), target.data(), target.size());
  // EINVAL: something else has taken its place.
  if (length < 0 && (is_vanished(errno) || errno == EINVAL))
    return vanish(at);
  if (length < 0)
    return errno_error(errno, "readlink", shown(at.path));
  entry.target.assign(target.data(), static_cast<size_t>(length));
  return add_entry(std::move(entry));
}

// Refuses a file of `size` bytes on top of what was added.
status dir_walk::check_size(const place& at, std::uint64_t size) const {
  if (size > limits_.bytes_per_file)
    return exhausted(shown(at.path) + " has " + std::to_string(size)
                     + " bytes, more than the limit of "
                     + std::to_string(limits_.bytes_per_file)
                     + " for one file");
  if (size > limits_.total_bytes - std::min(limits_.total_bytes, bytes_))
    return exhausted(shown_ + " has at least " + std::to_string(bytes_ + size)
                     + " bytes, more than the limit of "
                     + std::to_string(limits_.total_bytes));
  return unit{};
}

bool dir_walk::has_memory_for(std::uint64_t contents) const {
  const auto taken = names_bytes_ + bytes_;
  return contents <= options_.memory - std::min(options_.memory, taken);
}

// Notes a name, a path or a link's target that stays in memory.
status dir_walk::charge(std::uint64_t name_bytes) {
  names_bytes_ += name_bytes + sizeof(tree_entry);
  tree_.names_bytes += name_bytes + sizeof(tree_entry);
  if (names_bytes_ > limits_.names_bytes)
    return exhausted(shown_
                     + ": names and links of its entries take more "
                       "memory than copy.limits.names_bytes, "
                     + std::to_string(limits_.names_bytes));
  return unit{};
}

// Those that are not listed are charged like the others, so that no directory
// is endless.
status dir_walk::skip(const place& at, const char* reason) {
  tree_.skipped.push_back({at.as, reason});
  return charge(at.as.size());
}

status dir_walk::add_entry(tree_entry entry) {
  if (auto room = charge(entry.path.size() + entry.target.size()); !room)
    return room;
  if (entries_ == limits_.entries)
    return exhausted(shown_ + " has at least " + std::to_string(entries_ + 1)
                     + " entries, more than the limit of "
                     + std::to_string(limits_.entries));
  ++entries_;
  tree_.entries.push_back(std::move(entry));
  return unit{};
}

} // namespace fsshare
