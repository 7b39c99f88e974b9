// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/dir_walk.hpp"

#include "core/copy/file_shape.hpp"
#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/tree/file_system_type.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <memory>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

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

constexpr const char* mount_point = "is a mount point";

// Returns what of a path is below its first `begin` bytes.
std::string_view below(std::string_view path, std::size_t begin) {
  return path.substr(begin == 0 ? 0 : std::min(begin + 1, path.size()));
}

// Returns the names of the extended attributes of what an O_PATH descriptor
// has, where its filesystem has any.
std::vector<std::string> attributes_of(int handle) {
  const auto link = "/proc/self/fd/" + std::to_string(handle);
  // XATTR_LIST_MAX of linux/limits.h; most lists are short.
  std::string list(1024, '\0');
  auto length = ::listxattr(link.c_str(), list.data(), list.size());
  if (length < 0 && errno == ERANGE) {
    list.resize(XATTR_LIST_MAX);
    length = ::listxattr(link.c_str(), list.data(), list.size());
  }
  std::vector<std::string> names;
  list.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  for (std::size_t at = 0; at < list.size();) {
    names.emplace_back(list.c_str() + at);
    at += names.back().size() + 1;
  }
  return names;
}

// How much of a file seems to lie in holes that are worth leaving out.
std::uint64_t holes_of(const file_look& seen) {
  return seen.size > seen.stored && seen.size - seen.stored >= smallest_hole
           ? seen.size - seen.stored
           : 0;
}

entry_type type_of(std::uint32_t mode) {
  if (S_ISDIR(mode))
    return entry_type::directory;
  return S_ISREG(mode) ? entry_type::file : entry_type::symlink;
}

error exhausted(std::string message) {
  return {errc::resource_exhausted, std::move(message)};
}

} // namespace

dir_walk::dir_walk(int base, std::string shown, const read_limits& limits,
                   options opts, const checkpoint& between)
  : base_(base), shown_(std::move(shown)), limits_(limits),
    options_(std::move(opts)), between_(between) {
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

// Not all filesystems tell types with names.
bool dir_walk::is_link(int dir, const std::string& name,
                       unsigned char type) const {
  if (type != DT_UNKNOWN)
    return type == DT_LNK;
  pause();
  struct stat info {};
  return fstatat(dir, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0
         && S_ISLNK(info.st_mode);
}

result<std::vector<std::string>>
dir_walk::names_without_links(const std::string& path) {
  pause();
  auto dir = open_directory(path);
  if (!dir)
    return errno_error(errno, "open", shown(path));
  std::vector<std::string> out;
  const auto add = [this, &out](int fd, std::string_view name,
                                unsigned char type) -> status {
    if (!is_link(fd, std::string{name}, type))
      out.emplace_back(name);
    return charge(name.size());
  };
  if (auto listed = list(std::move(dir), {path, path}, add); !listed)
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
status dir_walk::visit(int dir, const std::string& name, place at) {
  pause();
  // In the guest its path is longer.
  if (at.path.size() > max_path_bytes)
    return skip(at, "its path in the guest has more than 4095 bytes");
  unique_fd opened;
  if (!name.empty()) {
    // What is mounted there is neither followed nor asked.
    opened = open_beneath(dir, name, O_PATH, options_.mounts);
    if (!opened && errno == EXDEV)
      return skip(at, mount_point);
    if (!opened)
      return unreadable(at, errno, "open");
  }
  const int handle = name.empty() ? dir : opened.get();
  // What is crossed is told from its directory.
  const auto seen
    = options_.mounts == mount_crossing::skip
        ? look(handle, "", AT_EMPTY_PATH)
        : look(dir, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  if (seen.failure != 0)
    return unreadable(at, seen.failure, "stat");
  return add_seen({dir, name, handle}, seen, std::move(at));
}

status dir_walk::add_seen(const opened_entry& of, const file_look& seen,
                          place at) {
  const char* reason = special_type(seen.mode);
  if (reason == nullptr)
    reason = foreign(at, seen.is_mount_root);
  if (reason != nullptr)
    return skip(at, reason);
  const auto denied = is_denied(of.handle, seen, at);
  if (!denied)
    return denied.err();
  if (*denied)
    return unit{};
  count_losses(of.handle, seen);
  tree_entry entry;
  entry.path = at.as;
  entry.type = type_of(seen.mode);
  entry.mode = seen.mode & 07777;
  entry.uid = seen.uid;
  entry.gid = seen.gid;
  if (options_.contents == file_contents::none
      && entry.type != entry_type::directory)
    return add_empty_file(std::move(entry));
  if (entry.type == entry_type::symlink)
    return add_link(of.dir, of.name, at, std::move(entry));
  if (entry.type == entry_type::file) {
    entry.size = seen.size;
    if (options_.contents == file_contents::leave)
      entry.hole_bytes = holes_of(seen);
    return add_file(of, at, std::move(entry));
  }
  if (options_.contents != file_contents::none)
    pending_.push_back(std::move(at));
  return add_entry(std::move(entry));
}

// In place of a file or link.
status dir_walk::add_empty_file(tree_entry entry) {
  constexpr std::uint32_t mode_for_link = 0644;
  if (std::exchange(entry.type, entry_type::file) == entry_type::symlink)
    entry.mode = mode_for_link;
  entry.content = make_secret_blob({});
  return add_entry(std::move(entry));
}

// Skips, with a word about it, what is of a volume that must not be copied, and
// lists what only should not.
result<bool> dir_walk::is_denied(int handle, const file_look& seen, place& at) {
  auto* judge = options_.judge;
  if (judge == nullptr || !judge->is_needed())
    return false;
  auto& judged = at.judged;
  const bool begins = !judged.names || seen.is_mount_root;
  if (begins) {
    judged.names = judge->names_of(handle, shown(at.path));
    judged.begin = at.path;
  }
  std::optional<copy_category> found;
  if (begins || S_ISDIR(seen.mode))
    found
      = judge->category_of(*judged.names, below(at.path, judged.begin.size()));
  if (!found && S_ISREG(seen.mode) && seen.links > 1)
    found = judge->category_of_linked(seen.device, seen.inode);
  if (!found)
    return false;
  if (const auto rule = judge->rule_for(*found); !lets_pass(rule)) {
    if (at.path.empty())
      return error{errc::permission_denied,
                   "copy " + shown_ + ": " + denial(*found, rule)};
    const auto skipped = skip(at, denial(*found, rule));
    return skipped ? result<bool>{true} : skipped.err();
  }
  // Of the root it is known who shares it.
  if (judged.audited != found && !at.path.empty())
    tree_.audited.push_back({at.as, to_string(*found)});
  judged.audited = found;
  return false;
}

void dir_walk::count_losses(int handle, const file_look& seen) {
  if (options_.losses == entry_losses::ignore)
    return;
  auto& sum = tree_.losses;
  ++sum.times;
  if (S_ISREG(seen.mode) && seen.links > 1)
    ++sum.hard_links;
  if (S_ISLNK(seen.mode))
    return;
  copy_losses of_entry;
  for (const auto& name : attributes_of(handle))
    count_attribute(of_entry, name);
  sum.attributes += of_entry.attributes;
  sum.access_lists += of_entry.access_lists;
  sum.capabilities += of_entry.capabilities;
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
    return mount_point;
  const auto root = open_beneath(base_, at.path, O_PATH, options_.mounts);
  // What is gone is found to be by who reads it.
  return root && is_on_kernel_file_system(root.get()) ? kernels : nullptr;
}

unique_fd dir_walk::open_directory(const std::string& path) const {
  return open_beneath(base_, path, O_RDONLY | O_DIRECTORY, options_.mounts);
}

// Calls `each` with every name as it is read, so that no directory is held.
status dir_walk::list(unique_fd dir, const place& at, const each_name& each) {
  pause();
  const directory_stream stream{fdopendir(dir.get())};
  if (!stream)
    return errno_error(errno, "list", shown(at.path));
  // The stream closes it.
  const int fd = dir.release();
  for (;;) {
    errno = 0;
    const auto* entry = readdir(stream.get());
    if (entry == nullptr && errno != 0)
      return unreadable(at, errno, "list");
    if (entry == nullptr)
      break;
    const std::string_view name{static_cast<const char*>(entry->d_name)};
    if (name == "." || name == "..")
      continue;
    if (options_.stop && *options_.stop)
      return error{errc::aborted,
                   "list " + shown(at.path) + ": not wanted any more"};
    if (auto done = each(fd, name, entry->d_type); !done)
      return done;
  }
  return unit{};
}

status dir_walk::visit_children(const place& at) {
  pause();
  auto dir = open_directory(at.path);
  if (!dir && errno == EXDEV)
    return skip(at, mount_point);
  // It is listed already.
  if (!dir && says_vanished(errno) && !at.path.empty()
      && vanished_ == vanished_entries::leave_out)
    return skip(at, "vanished while it was read");
  if (!dir)
    return unreadable(at, errno, "open");
  return list(std::move(dir), at,
              [this, &at](int fd, std::string_view name, unsigned char) {
                return visit(
                  fd, std::string{name},
                  {join(at.path, name), join(at.as, name), at.judged});
              });
}

// Whether the kernel says that an entry is not there (any more), or not of the
// type that it was when it was listed.
bool dir_walk::says_vanished(int number) {
  return number == ENOENT || number == ENOTDIR || number == ELOOP;
}

status dir_walk::vanish(const place& at) const {
  if (vanished_ == vanished_entries::leave_out && !at.path.empty())
    return unit{};
  return error{errc::aborted, shown(at.path) + " vanished while it was read"};
}

// One entry that cannot be read keeps nobody from the others, unless it is this
// process that lacks something.
status dir_walk::unreadable(const place& at, int number, const char* call) {
  const bool fails = vanished_ == vanished_entries::fail;
  if (says_vanished(number) || (fails && number == ESTALE))
    return vanish(at);
  auto failed = errno_error(number, call, shown(at.path));
  if (fails || at.path.empty() || failed.code == errc::resource_exhausted)
    return failed;
  return skip(at, "cannot be read: "
                    + errno_error(number, call, base_name(at.path)).message);
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
status dir_walk::skip(const place& at, const std::string& reason) {
  tree_.skipped.push_back({at.as, reason});
  return charge(at.as.size());
}

status dir_walk::add_entry(tree_entry entry) {
  if (auto room = charge(entry.path.size() + entry.target.size()); !room)
    return room;
  if (entries_ == limits_.entries)
    return exhausted(shown_ + " has at least " + std::to_string(entries_ + 1)
                     + " entries, more than the limit of "
                     + std::to_string(limits_.entries) + entries_limit_key);
  ++entries_;
  tree_.entries.push_back(std::move(entry));
  return unit{};
}

} // namespace fsshare
