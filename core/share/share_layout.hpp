// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fsshare {

/// Every directory name of one sandbox, on the host and in the guest: the only
/// place that knows them. The names are Kata's, so that its guest policies and
/// tools keep working. Nothing here looks at the disk.
///
///     <share root>/<sandbox>/.fsshare              our mark
///     <share root>/<sandbox>/mounts/               where everything is mounted
///     <share root>/<sandbox>/mounts/<container>/rootfs
///     <share root>/<sandbox>/mounts/<container>/snapshotdir
///     <share root>/<sandbox>/mounts/<share name>
///     <share root>/<sandbox>/mounts/sandbox-mounts/<name>
///     <share root>/<sandbox>/mounts/watchable/
///     <share root>/<sandbox>/shared/               what the guest sees
///     <share root>/<sandbox>/private/              staging of classic mounts
class share_layout {
public:
  /// @param share_root Absolute directory that holds all sandboxes.
  /// @param sandbox_id Passed check_id().
  /// @param guest_share_dir Where the guest sees `shared/`.
  share_layout(std::string share_root, std::string sandbox_id,
               std::string guest_share_dir);

  const std::string& share_root() const noexcept {
    return share_root_;
  }
  const std::string& sandbox_id() const noexcept {
    return sandbox_id_;
  }
  const std::string& guest_share_dir() const noexcept {
    return guest_share_dir_;
  }
  const std::string& sandbox_dir() const noexcept {
    return sandbox_dir_;
  }

  std::string mark_path() const;
  /// The read-write side, where we mount: `mounts_dir` of the API.
  std::string mounts_dir() const;
  /// The read-only side, which the file server exports: `shared_dir` of the
  /// API.
  std::string shared_dir() const;
  /// Where the classic mount API prepares a mount before the guest sees it.
  std::string staging_dir() const;

  std::string host_share(std::string_view share_name) const;
  std::string guest_share(std::string_view share_name) const;

  std::string container_dir(std::string_view container_id) const;
  /// Always ends in `rootfs`, whatever the suffix in the guest is.
  std::string host_rootfs(std::string_view container_id) const;
  /// @param suffix Below the container's directory; may be empty.
  std::string guest_rootfs(std::string_view container_id,
                           std::string_view suffix) const;

  /// Empty on the host; the guest agent mounts a tmpfs on its view of it.
  std::string watchable_dir() const;
  /// Where the guest agent keeps its copy of a share that it watches.
  std::string guest_watchable(std::string_view share_name) const;
  /// Writable layer of a nydus root filesystem.
  std::string host_snapshot_dir(std::string_view container_id) const;
  std::string guest_snapshot_dir(std::string_view container_id) const;
  /// Where the guest sees the image that nydusd has mounted at
  /// rafs_mountpoint(): beside the share directory.
  std::string guest_rafs(std::string_view container_id) const;

  std::string sandbox_binds_dir() const;
  std::string host_sandbox_bind(std::string_view name) const;
  std::string guest_sandbox_bind(std::string_view name) const;

private:
  std::string share_root_;
  std::string sandbox_id_;
  std::string guest_share_dir_;
  std::string sandbox_dir_;
};

/// Returns `<container>-<16 hex digits>-<basename of the destination>`, the
/// form that guest policies check.
/// @param container_id Passed check_id().
/// @param nonce Random, so that two shares of one container never meet.
/// @returns `errc::invalid_argument` when the destination has no last component
///          or the name would exceed the 255 bytes of a file name.
result<std::string> make_share_name(std::string_view container_id,
                                    std::uint64_t nonce,
                                    std::string_view destination);

/// Returns the path of the mark of a sandbox whose guest gets copies.
/// @param dir Holds those of all sandboxes; not below the share root.
/// @param sandbox_id Passed check_id().
std::string copy_mark_path(std::string_view dir, std::string_view sandbox_id);

/// Returns where nydusd mounts the image of a container, in its own tree.
std::string rafs_mountpoint(std::string_view container_id);

/// Returns the directory of a container that the guest keeps to itself, outside
/// the share directory: where it makes what is not shared from the host.
std::string guest_own_dir(std::string_view container_id);

/// Checks a container id: check_id(), and none of the names that the layout
/// uses beside containers.
/// @returns `errc::invalid_argument` naming the id.
status check_container_id(std::string_view container_id);

} // namespace fsshare
