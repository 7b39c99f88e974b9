// SPDX-License-Identifier: Apache-2.0
#include "guest/confined_copy.hpp"

#include "core/copy/temp_name.hpp"
#include "guest/failure.hpp"
#include "guest/make_dirs.hpp"
#include "guest/remove_tree.hpp"
#include "sys/standin/dir_entry.hpp"
#include "sys/standin/file_handle.hpp"

namespace fsshare::guest {

namespace {

// Agents mask what they are sent: kata-fs-share.md §5.1.
constexpr std::uint32_t parent_mode_bits = 0777;
constexpr std::uint32_t file_mode_bits = 07777;

status refuse(const char* why) {
  return error{errc::internal, why};
}

} // namespace

confined_copy::confined_copy(const confined_dir& root,
                             const copy_file_request& request,
                             parent_rule parents)
  : root_(root), request_(request),
    parents_(parents), owner_{request.owner(), request.group()} {
}

status confined_copy::run() {
  auto path = strip_prefix(request_.path, share_root);
  if (!path)
    return refuse("removing the share's prefix: prefix not found");
  path_ = std::move(*path);
  if (path_.is_root())
    return refuse("invalid path argument: file removal path is /");
  auto parent = parents_ == parent_rule::left ? open_parent() : make_parent();
  if (!parent)
    return parent;
  if (path_.name == "..")
    return refuse("invalid path argument: file removal path is /");
  if (request_.is_directory())
    return make_directory();
  if (request_.offset == 0) {
    auto removed = io_status("remove_all", remove_tree(parent_, path_.name));
    if (!removed)
      return removed;
  }
  return request_.is_symlink() ? make_symlink() : write_file();
}

status confined_copy::open_parent() {
  auto found = root_.find_dir(path_.parent, confinement::in_root);
  if (!found)
    return io_status("resolve parent", found.err());
  parent_ = std::move(*found);
  return unit{};
}

status confined_copy::make_parent() {
  auto made
    = make_dirs(root_, path_.parent, request_.dir_mode & parent_mode_bits);
  if (!made)
    return io_status("mkdir_all parent", made.err());
  parent_ = std::move(*made);
  return io_status("fchown parent", give_to(owner_, parent_));
}

status confined_copy::make_directory() const {
  const auto removed = dir_entry::remove_file(parent_, path_.name);
  if (removed != std::errc{} && removed != std::errc::is_a_directory
      && removed != std::errc::no_such_file_or_directory)
    return io_status("remove_file", removed);
  const auto mode = request_.file_mode & file_mode_bits;
  const auto made = dir_entry::make_directory(parent_, path_.name, mode);
  if (made != std::errc{} && made != std::errc::file_exists)
    return io_status("mkdir_all", made);
  const auto dir = dir_entry::find_directory(parent_, path_.name);
  if (!dir)
    return io_status("mkdir_all", dir.err());
  if (auto set = file_handle::change_mode(*dir, mode); set != std::errc{})
    return io_status("fchmod", set);
  return io_status("fchown", give_to(owner_, *dir));
}

// A guest agent resolves most paths inside the share, but leaves the last step,
// the lchown of a link and the rename of a file, to plain kernel rules, by
// which a path that leads out names something else (kata-fs-share.md §5.2).
// Here nothing is outside.
os_result<unique_fd> confined_copy::parent_of_kernel() const {
  auto found = root_.find_dir(path_.parent, confinement::beneath);
  if (found.err() == std::errc::cross_device_link)
    return std::errc::no_such_file_or_directory;
  return found;
}

status confined_copy::make_symlink() const {
  const std::string target{as_text(request_.data)};
  const auto made = dir_entry::make_symlink(parent_, path_.name, target);
  if (made != std::errc{})
    return io_status("create symlink", made);
  const auto parent = parent_of_kernel();
  if (!parent)
    return nix_status("fchownat", parent.err());
  return nix_status("fchownat", give_to(owner_, *parent, path_.name));
}

status confined_copy::write_file() const {
  const auto temp = temp_name(path_.name);
  const auto file = dir_entry::open_file(
    parent_, temp, request_.file_mode & file_mode_bits, request_.offset == 0);
  if (!file)
    return io_status("create_file", file.err());
  const auto written
    = file_handle::write_at(*file, request_.data, request_.offset);
  if (written != std::errc{})
    return io_status("write_all_at", written);
  const auto now = file_handle::status(*file);
  if (!now)
    return io_status("fstat", now.err());
  // Nothing but the size tells a guest agent that a file is complete.
  if (now->size != request_.file_size)
    return unit{};
  return complete(*file, temp);
}

// chmod before chown, as guest agents do: the kernel then clears the set-uid
// and set-gid bits (chown(2)), which is why these never arrive.
status confined_copy::complete(const unique_fd& file,
                               const std::string& temp) const {
  const auto mode = request_.file_mode & file_mode_bits;
  if (auto set = file_handle::change_mode(file, mode); set != std::errc{})
    return io_status("fchmod", set);
  if (auto given = give_to(owner_, file); given != std::errc{})
    return io_status("fchown", given);
  const auto parent = parent_of_kernel();
  if (!parent)
    return nix_status("renameat", parent.err());
  return nix_status("renameat", dir_entry::rename(*parent, temp, path_.name));
}

} // namespace fsshare::guest
