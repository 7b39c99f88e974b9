// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/volume_tree.hpp"

#include "core/paths.hpp"
#include "core/volume/volume_digest.hpp"
#include "sys/errno_error.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

// An open volume, and the walk that reads it.
class volume_reader {
public:
  volume_reader(unique_fd root, const std::string& path,
                const read_limits& limits, file_contents contents,
                const checkpoint& between, std::uint64_t memory = any_memory)
    : root_(std::move(root)), path_(path), contents_(contents),
      between_(between),
      walk_(root_.get(), path, limits,
            {contents, mount_crossing::skip, memory, nullptr,
             contents == file_contents::read ? entry_losses::count
                                             : entry_losses::ignore},
            between) {
  }

  // Returns what `..data` names now.
  result<std::string> name() const;

  // Reads one generation, then makes sure that it is still the published one.
  result<volume_snapshot_ptr> read();

private:
  status read_root(volume_snapshot& out) const;
  status load_tree(volume_snapshot& out);
  status read_others(volume_snapshot& out);
  void pause() const {
    if (between_)
      between_();
  }

  unique_fd root_;
  const std::string& path_;
  file_contents contents_;
  const checkpoint& between_;
  dir_walk walk_;
};

result<unique_fd> open_volume(const std::string& path) {
  unique_fd fd{
    open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd)
    return errno_error(errno, "open", path);
  return fd;
}

// Whether `target` is a directory name that AtomicWriter could have made:
// beside `..data`, beginning with `..`, and not above the volume.
bool is_name_beside(std::string_view target) {
  return target.size() > 2 && target.starts_with("..")
         && target.find('/') == std::string_view::npos && target != data_link;
}

error precondition(std::string message) {
  return {errc::failed_precondition, std::move(message)};
}

result<std::string> volume_reader::name() const {
  pause();
  const auto shown = join(path_, data_link);
  std::array<char, PATH_MAX> target{};
  const auto length
    = readlinkat(root_.get(), data_link, target.data(), target.size());
  if (length < 0 && errno == ENOENT)
    return precondition(path_ + " has no ..data");
  if (length < 0 && errno == EINVAL)
    return precondition(shown + " is no symlink");
  if (length < 0)
    return errno_error(errno, "readlink", shown);
  std::string out{target.data(), static_cast<size_t>(length)};
  if (!is_name_beside(out))
    return precondition(shown + " leads to " + out
                        + ", which is no name beginning with '..' beside it");
  return out;
}

result<volume_snapshot_ptr> volume_reader::read() {
  auto out = std::make_shared<volume_snapshot>();
  const auto first = name();
  if (!first)
    return first.err();
  out->id.name = *first;
  if (auto done = read_root(*out); !done)
    return done.err();
  if (auto done = load_tree(*out); !done)
    return done.err();
  if (contents_ == file_contents::read)
    if (auto done = read_others(*out); !done)
      return done.err();
  const auto second = name();
  if (!second || *second != *first)
    return error{errc::aborted, "generation " + *first + " of " + path_
                                  + " was superseded while it was read"};
  out->id.digest = volume_digest(out->root, out->tree);
  return volume_snapshot_ptr{std::move(out)};
}

status volume_reader::read_root(volume_snapshot& out) const {
  pause();
  struct stat info {};
  if (fstat(root_.get(), &info) != 0)
    return errno_error(errno, "stat", path_);
  out.root.mode = info.st_mode & 07777;
  out.root.uid = info.st_uid;
  out.root.gid = info.st_gid;
  return unit{};
}

status volume_reader::load_tree(volume_snapshot& out) {
  if (auto added = walk_.add(out.id.name, {}, vanished_entries::fail); !added)
    return added;
  out.tree = walk_.take();
  const auto& entries = out.tree.entries;
  if (entries.empty() || entries.front().type != entry_type::directory)
    return precondition(join(path_, out.id.name) + " is no directory");
  for (const auto& entry : entries)
    if (!entry.path.empty() && entry.path.find('/') == std::string::npos
        && !entry.path.starts_with(".."))
      out.links.push_back(entry.path);
  return unit{};
}

// Visible links come and go during a rotation, so nothing here must exist.
status volume_reader::read_others(volume_snapshot& out) {
  const auto names = walk_.names_without_links({});
  if (!names)
    return names.err();
  for (const auto& name : *names) {
    if (name.starts_with(".."))
      continue;
    if (auto added = walk_.add(name, name, vanished_entries::leave_out); !added)
      return added;
  }
  out.others = walk_.take();
  return unit{};
}

result<volume_snapshot_ptr> read_volume(const std::string& path,
                                        const read_limits& limits,
                                        file_contents contents,
                                        const checkpoint& between,
                                        std::uint64_t memory = any_memory) {
  auto root = open_volume(path);
  if (!root)
    return root.err();
  return volume_reader{std::move(*root), path,    limits,
                       contents,         between, memory}
    .read();
}

} // namespace

result<volume_snapshot_ptr> load_generation(const std::string& volume_path,
                                            const read_limits& limits,
                                            const checkpoint& between,
                                            std::uint64_t memory) {
  return read_volume(volume_path, limits, file_contents::read, between, memory);
}

result<generation> load_generation_id(const std::string& volume_path,
                                      const read_limits& limits,
                                      const checkpoint& between) {
  const auto read
    = read_volume(volume_path, limits, file_contents::leave, between);
  if (!read)
    return read.err();
  return (*read)->id;
}

result<std::string> load_generation_name(const std::string& volume_path,
                                         dangling_data dangling) {
  auto root = open_volume(volume_path);
  if (!root)
    return root.err();
  const int fd = root->get();
  const checkpoint nothing;
  const volume_reader reader{
    std::move(*root), volume_path, {}, file_contents::leave, nothing};
  auto named = reader.name();
  if (!named || dangling == dangling_data::accept)
    return named;
  struct stat info {};
  if (fstatat(fd, named->c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
    return named;
  if (errno != ENOENT)
    return errno_error(errno, "stat", join(volume_path, *named));
  return error{errc::aborted, join(volume_path, data_link) + " names " + *named
                                + ", which is not there"};
}

result<tree_snapshot_ptr> load_tree(const std::string& path,
                                    const read_limits& limits,
                                    const tree_options& options,
                                    const checkpoint& between) {
  if (between)
    between();
  const unique_fd root{open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (!root)
    return errno_error(errno, "open", path);
  dir_walk walk{
    root.get(),
    path,
    limits,
    {options.is_emptied ? file_contents::none : file_contents::leave,
     options.mounts, any_memory, options.stop, entry_losses::count,
     options.judge},
    between};
  if (auto added = walk.add({}, {}, vanished_entries::leave_out); !added)
    return added.err();
  auto tree = walk.take();
  tree.most_bytes = limits.total_bytes;
  return std::make_shared<const tree_snapshot>(std::move(tree));
}

} // namespace fsshare
