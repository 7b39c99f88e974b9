// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_index.hpp"

#include "core/share/share_mark.hpp"
#include "sys/mount_identity.hpp"
#include "sys/tree/file_look.hpp"
#include "sys/tree/open_beneath.hpp"

#include <fcntl.h>
#include <utility>

namespace fsshare {

namespace {

bool bears_mark(const share_layout& layout, const share_tree& tree) {
  const auto text = tree.read_small_file(layout.mark_path());
  if (!text)
    return false;
  const auto mark = parse_share_mark(*text);
  return mark && mark->sandbox_id == layout.sandbox_id();
}

} // namespace

result<mount_index> mount_index::read(const held_root& root) {
  auto real = real_path(root.fd(), root.path());
  if (!real)
    return real.err();
  const auto mount = mount_of(root.fd(), root.path());
  if (!mount)
    return mount.err();
  auto table = read_mountinfo();
  if (!table)
    return table.err();
  mount_index out;
  out.root_path_ = root.path();
  out.real_root_ = *std::move(real);
  out.root_mount_ = *mount;
  out.table_ = *std::move(table);
  // What is mounted on another one comes after it.
  for (std::size_t i = 0; i < out.table_.size(); ++i)
    out.by_point_.insert_or_assign(out.table_[i].mount_point, i);
  return out;
}

const mounted_entry* mount_index::top_at(const std::string& path) const {
  const auto real = real_root_ + path.substr(root_path_.size());
  const auto at = by_point_.find(real);
  return at == by_point_.end() ? nullptr : &table_[at->second];
}

// One that somebody's mount covers has another parent than what lies there.
const mounted_entry* mount_index::top_at(const std::string& path,
                                         std::uint64_t parent) const {
  const auto* top = top_at(path);
  return top != nullptr && top->parent == parent ? top : nullptr;
}

// Whatever its propagated copies are told, this one is shared, and what the
// guest sees a read-only slave.
const mounted_entry* mount_index::mounts_of(const share_layout& layout) const {
  const auto* mounts = top_at(layout.mounts_dir(), root_mount_);
  const auto* shared = top_at(layout.shared_dir(), root_mount_);
  return mounts != nullptr && mounts->peer_group != 0 && shared != nullptr
             && shared->master != 0 && shared->has_option("ro")
           ? mounts
           : nullptr;
}

sandbox_look mount_index::look_at(const sandbox_places& sandbox,
                                  const share_tree& tree) const {
  sandbox_look out;
  const auto* mounts = mounts_of(sandbox.layout);
  out.bears_mark = bears_mark(sandbox.layout, tree);
  out.has_mounts = mounts != nullptr;
  for (const auto& path : sandbox.paths) {
    auto& seen = out.places[path];
    if (mounts != nullptr && top_at(path, mounts->id) != nullptr)
      seen = seen_place::mounted;
    else if (look_without_asking(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW)
               .failure
             == 0)
      seen = seen_place::placeholder;
  }
  return out;
}

} // namespace fsshare
