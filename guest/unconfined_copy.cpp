// SPDX-License-Identifier: Apache-2.0
#include "guest/unconfined_copy.hpp"

#include "core/copy/temp_name.hpp"
#include "guest/failure.hpp"
#include "guest/remove_tree.hpp"
#include "sys/standin/dir_entry.hpp"
#include "sys/standin/file_handle.hpp"

namespace fsshare::guest {

namespace {

// What Rust's create_dir_all() gives the directories it makes.
constexpr std::uint32_t default_dir_mode = 0777;
// What its OpenOptions give a file; only a complete one gets the mode asked
// for.
constexpr std::uint32_t default_file_mode = 0666;

bool leads_out(std::errc error) {
  return error == std::errc::cross_device_link;
}

// Out of the share nothing is done, and that counts as done.
status outcome(std::errc error) {
  return leads_out(error) ? unit{} : io_status({}, error);
}

status refuse(std::errc error) {
  return io_status({}, error);
}

} // namespace

unconfined_copy::unconfined_copy(const confined_dir& root,
                                 const copy_file_request& request,
                                 profile which)
  : root_(root), request_(request),
    which_(which), owner_{request.owner(), request.group()} {
}

status unconfined_copy::run() {
  if (!strip_prefix(request_.path, old_prefix))
    return error{errc::internal, "Path does not start with the share's"};
  auto path = strip_prefix(request_.path, share_root);
  if (!path)
    return outcome(std::errc::cross_device_link);
  path_ = std::move(*path);
  if (!path_.is_root()) {
    if (auto end = make_parent())
      return *end;
    if (auto end = open_parent())
      return *end;
  }
  if (request_.is_directory())
    return make_directory();
  // A guest agent would replace the share itself, or remove it: that is beyond
  // what a stand-in may do to the directory it was given.
  if (path_.is_root())
    return refuse(std::errc::not_a_directory);
  if (path_.name == "..")
    return refuse(std::errc::is_a_directory);
  return request_.is_symlink() ? make_symlink() : write_file();
}

unconfined_copy::early_end unconfined_copy::make_parent() const {
  if (root_.find(path_.parent, confinement::beneath))
    return std::nullopt;
  const auto made = make_dirs(path_.parent);
  if (made != std::errc{} && made != std::errc::file_exists)
    return outcome(made);
  const auto parent = root_.find(path_.parent, confinement::beneath);
  if (!parent)
    return outcome(parent.err());
  const auto set = file_handle::change_mode(*parent, request_.dir_mode);
  if (set != std::errc{})
    return refuse(set);
  if (which_ == profile::v3_3)
    return std::nullopt;
  if (auto given = give_to(owner_, *parent); given != std::errc{})
    return nix_status({}, given);
  return std::nullopt;
}

unconfined_copy::early_end unconfined_copy::open_parent() {
  auto parent = root_.find_dir(path_.parent, confinement::beneath);
  if (!parent)
    return outcome(parent.err());
  parent_ = std::move(*parent);
  return std::nullopt;
}

// As Rust's create_dir_all(): the path as it is written, `..` and all, tried
// from its end.
std::errc unconfined_copy::make_dirs(const std::string& path) const {
  const auto at = split(path);
  auto made = make_dir(at);
  if (made == std::errc::no_such_file_or_directory && !at.parent.empty()) {
    if (made = make_dirs(at.parent); made != std::errc{})
      return made;
    made = make_dir(at);
  }
  return made != std::errc{} && is_directory(path) ? std::errc{} : made;
}

std::errc unconfined_copy::make_dir(const share_path& path) const {
  const auto parent = root_.find_dir(path.parent, confinement::beneath);
  if (!parent)
    return parent.err();
  if (path.name == "..")
    return std::errc::file_exists;
  return dir_entry::make_directory(*parent, path.name, default_dir_mode);
}

bool unconfined_copy::is_directory(const std::string& path) const {
  const auto found = root_.find_dir(path, confinement::beneath);
  return found || leads_out(found.err());
}

status unconfined_copy::make_directory() const {
  if (path_.ends_in_slash)
    if (auto failed = directory_or_nothing(); failed != std::errc{})
      return refuse(failed);
  if (!path_.is_root() && path_.name != "..") {
    if (auto failed = clear_way_of_directory(); failed != std::errc{})
      return refuse(failed);
    const auto made
      = dir_entry::make_directory(parent_, path_.name, default_dir_mode);
    if (made != std::errc{} && made != std::errc::file_exists)
      return refuse(made);
  }
  // Whatever is there is taken for the directory: a file on 3.3, a link to a
  // directory on both.
  const auto found = root_.find(path_.text(), confinement::beneath);
  if (!found)
    return outcome(found.err());
  const auto set = file_handle::change_mode(*found, request_.file_mode);
  if (set != std::errc{})
    return refuse(set);
  return nix_status({}, give_to(owner_, *found));
}

bool unconfined_copy::has_entry() const {
  return static_cast<bool>(dir_entry::status(parent_, path_.name));
}

std::errc unconfined_copy::directory_or_nothing() const {
  const auto path = path_.text();
  if (path_.is_root() || path_.name == ".." || !has_entry()
      || is_directory(path))
    return {};
  return root_.find(path, confinement::beneath)
           ? std::errc::not_a_directory
           : std::errc::no_such_file_or_directory;
}

// As Rust's remove_dir_all(): what is no directory is not found by such a path,
// and a link to one is not removed.
std::errc unconfined_copy::remove_before_slash() const {
  if (which_ == profile::v3_3 || !is_directory(path_.text()))
    return {};
  const auto entry = dir_entry::status(parent_, path_.name);
  if (entry && entry->is_symlink())
    return std::errc::not_a_directory;
  return remove_tree(parent_, path_.name);
}

std::errc unconfined_copy::clear_way_of_directory() const {
  const auto path = path_.text();
  const auto exists = static_cast<bool>(root_.find(path, confinement::beneath));
  if (which_ == profile::v3_3 || !exists || is_directory(path))
    return {};
  return dir_entry::remove_file(parent_, path_.name);
}

status unconfined_copy::make_symlink() const {
  if (path_.ends_in_slash)
    return refuse(make_symlink_before_slash());
  if (auto failed = clear_way_of_symlink(); failed != std::errc{})
    return refuse(failed);
  const std::string target{as_text(request_.data)};
  const auto made = dir_entry::make_symlink(parent_, path_.name, target);
  if (made != std::errc{})
    return nix_status({}, made);
  return nix_status({}, give_to(owner_, parent_, path_.name));
}

// symlink(2) of a path that ends in a slash never succeeds.
std::errc unconfined_copy::make_symlink_before_slash() const {
  if (auto failed = remove_before_slash(); failed != std::errc{})
    return failed;
  return !request_.data.empty() && has_entry()
           ? std::errc::file_exists
           : std::errc::no_such_file_or_directory;
}

// 3.3 replaces a link only if it leads somewhere; 3.18 replaces anything, at
// any offset.
std::errc unconfined_copy::clear_way_of_symlink() const {
  if (which_ == profile::v3_18)
    return remove_tree(parent_, path_.name);
  const auto entry = dir_entry::status(parent_, path_.name);
  if (!entry || !entry->is_symlink())
    return {};
  const auto found = root_.find(path_.text(), confinement::beneath);
  if (!found && !leads_out(found.err()))
    return {};
  return dir_entry::remove_file(parent_, path_.name);
}

status unconfined_copy::write_file() const {
  const auto temp = temp_name(path_.name);
  const confined_dir::file_options options{
    default_file_mode, which_ == profile::v3_18 && request_.offset == 0};
  // Links are followed: a temporary that is one writes what it names. Unlike a
  // guest agent this does not wait for ever for the reader of a FIFO.
  const auto file
    = root_.open_file(path_.sibling(temp), confinement::beneath, options);
  if (!file)
    return outcome(file.err());
  const auto written
    = file_handle::write_at(*file, request_.data, request_.offset);
  if (written != std::errc{})
    return refuse(written);
  const auto now = file_handle::status(*file);
  if (!now)
    return refuse(now.err());
  // Nothing but the size tells a guest agent that a file is complete.
  if (now->size != request_.file_size)
    return unit{};
  return complete(*file, temp);
}

// chmod before chown, as guest agents do: the kernel then clears the set-uid
// and set-gid bits (chown(2)), which is why these never arrive.
status unconfined_copy::complete(const unique_fd& file,
                                 const std::string& temp) const {
  const auto set = file_handle::change_mode(file, request_.file_mode);
  if (set != std::errc{})
    return refuse(set);
  if (auto given = give_to(owner_, file); given != std::errc{})
    return nix_status({}, given);
  if (path_.ends_in_slash) {
    // rename(2) of a file to such a path never succeeds.
    const auto failed = remove_before_slash();
    return refuse(failed != std::errc{} ? failed : std::errc::not_a_directory);
  }
  if (which_ == profile::v3_18)
    if (auto failed = remove_tree(parent_, path_.name); failed != std::errc{})
      return refuse(failed);
  return refuse(dir_entry::rename(parent_, temp, path_.name));
}

} // namespace fsshare::guest
