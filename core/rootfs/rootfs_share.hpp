// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/mount/mount_plan.hpp"
#include "core/result.hpp"
#include "core/rootfs/rootfs_kind.hpp"
#include "core/rootfs/virtual_volume.hpp"
#include "core/share/share_layout.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// Prefix of the rootfs option that describes a nydus image; the last counts.
constexpr std::string_view nydus_option = "extraoption=";

/// What that option says; see json/nydus_json.hpp.
struct nydus_rootfs {
  /// Bootstrap of the image, as nydusd sees it.
  std::string source;
  /// Configuration of its backend.
  std::string config;
  /// Holds the writable layer, on the host.
  std::string snapshot_dir;

  friend bool operator==(const nydus_rootfs&, const nydus_rootfs&) = default;
};

/// What the options of a root filesystem held in JSON.
struct rootfs_payload {
  std::vector<virtual_volume> volumes;
  std::optional<nydus_rootfs> nydus;
};

/// What a sandbox's root filesystems depend on.
struct rootfs_setting {
  share_layout layout;
  /// False in copy mode.
  bool shares_filesystem = false;
  bool has_nydusd = false;
  submounts recursive = submounts::take;
};

/// An image that nydusd is to mount.
struct rafs_mount {
  /// In nydusd's own tree.
  std::string mountpoint;
  std::string source;
  std::string config;

  friend bool operator==(const rafs_mount&, const rafs_mount&) = default;
};

/// Everything that sharing one root filesystem takes.
struct rootfs_share {
  rootfs_kind kind = rootfs_kind::bind;
  share_rootfs_reply reply;
  /// Empty where nothing of it is on the host.
  std::string host_path;
  /// Comes before the mounts.
  std::optional<rafs_mount> rafs;
  /// Makes it on the host; nothing where the guest does all.
  std::optional<mount_plan> mounts;
  /// Takes that away again.
  std::optional<mount_plan> unmounts;
};

/// Plans the share of a root filesystem.
/// @param request Accepted by checked().
/// @param payload What its options held.
/// @returns `errc::invalid_argument` or `errc::unimplemented` naming what the
///          guest cannot be given; `errc::failed_precondition` for a kind that
///          needs a shared filesystem or nydusd where there is none.
result<rootfs_share> plan_rootfs_share(const share_rootfs_request& request,
                                       rootfs_kind kind,
                                       const rootfs_payload& payload,
                                       const rootfs_setting& setting);

/// Plans the end of a root filesystem that plan_rootfs_share() planned for a
/// sandbox that shares a filesystem; nothing where nothing of it is on the
/// host.
result<std::optional<mount_plan>> plan_rootfs_end(const share_layout& layout,
                                                  rootfs_kind kind,
                                                  std::string_view container_id,
                                                  std::string_view suffix);

} // namespace fsshare
