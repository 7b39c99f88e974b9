// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/mount_namespace.hpp"
#include "core/api/owner_types.hpp"
#include "core/api/rootfs_types.hpp"
#include "core/api/storage.hpp"
#include "core/copy/leftover_page.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/result.hpp"
#include "core/text/labels.hpp"
#include "core/volume/hung_read.hpp"
#include "core/volume/volume_cursor.hpp"
#include "core/volume/volume_status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The requests and replies of the control API (proto/fsshare.proto) without
/// protobuf: what API SERVER, NODE and SANDBOX say to each other. Requests that
/// reach NODE were accepted by checked() of core/api/share_request.hpp.
namespace fsshare {

/// About how many bytes of a list a reply may have: a frame, less what the rest
/// takes.
constexpr std::size_t max_listed_bytes = (std::size_t{4} << 20) - (64U << 10);
/// How many leftovers a reply may have, and of each sandbox where many of these
/// are listed.
constexpr std::size_t max_listed_leftovers = 1000;
constexpr std::size_t max_leftovers_each = 16;
/// How many sandboxes a reply may have.
constexpr std::size_t max_listed_sandboxes = 1000;

/// How a sandbox gets at what is shared with it.
enum class sharing_mode : std::uint8_t {
  unspecified = 0,
  /// Bind mounts below a directory that virtio-fs or the like exports.
  shared_filesystem = 1,
  /// Copies made by the guest agent; the hypervisor shares no filesystem.
  copy = 2,
};

/// Returns `shared-filesystem`, `copy` or `unspecified`.
const char* to_string(sharing_mode mode) noexcept;

/// Whether a guest agent refuses what a policy does not allow.
enum class guest_policy : std::uint8_t { unknown, none, set };

/// Returns `unknown`, `none` or `set`.
const char* to_string(guest_policy policy) noexcept;

struct sandbox_bind {
  std::string source;
  bool writable = false;

  friend bool operator==(const sandbox_bind&, const sandbox_bind&) = default;
};

struct prepare_request {
  std::string sandbox_id;
  sharing_mode mode = sharing_mode::unspecified;
  /// As parse_guest_address() reads it; empty while nobody knows it.
  std::string guest_address;
  /// Where shares appear in the guest; empty for the configured default.
  std::string guest_share_dir;
  /// Their base names differ.
  std::vector<sandbox_bind> sandbox_binds;
  /// Directories taken for kubelet roots beside the configured ones.
  std::vector<std::string> kubelet_roots;
  /// Leaves the file event watcher of a copy-mode sandbox stopped.
  bool no_watcher = false;
  /// API socket of the sandbox's nydusd; empty if it has none.
  std::string nydusd_socket;
  /// Every root filesystem is an image that the guest pulls.
  bool force_guest_pull = false;
  /// Of the guest; 0 while nobody knows it.
  std::uint64_t guest_memory_bytes = 0;
  guest_policy policy = guest_policy::unknown;
  label_map labels = {};
  /// No share gets a storage that the guest agent watches.
  bool no_watchable = false;
  /// Guest path of the directory in which guest agents make emptyDirs that have
  /// nothing on the host; empty where the caller hands no storages on, and with
  /// a shared filesystem.
  std::string local_dir = {};
  /// Of the sandbox's shim, where its sources are looked up and everything is
  /// mounted; empty for the node agent's own, and in copy mode. From the caller
  /// a path; SANDBOX adds which namespace that is.
  fsshare::mount_namespace mount_namespace = {};

  friend bool operator==(const prepare_request&, const prepare_request&)
    = default;
};

struct prepare_reply {
  /// What the file server of the sandbox exports; both empty in copy mode.
  std::string shared_dir;
  std::string mounts_dir;
};

/// What is told of a guest after Prepare; what is empty, 0 or unknown is not.
struct set_guest_request {
  std::string sandbox_id;
  std::string guest_address = {};
  std::string guest_share_dir = {};
  std::uint64_t guest_memory_bytes = 0;
  guest_policy policy = guest_policy::unknown;
};

struct set_guest_reply {};

struct cleanup_request {
  std::string sandbox_id;
  /// Prepared by an earlier process, and nobody needs it any more.
  bool abandoned = false;
  /// Its owner is gone; what somebody uses stays as it is. Never a client's.
  bool orphaned = false;
};

struct cleanup_reply {
  /// What is somebody else's where the sandbox had, or could have had, its
  /// directories; it stays.
  std::vector<path_reason> foreign;
};

/// A mount of a container as its OCI spec has it.
struct mount_entry {
  std::string source;
  std::string destination;
  std::string type;
  std::vector<std::string> options;
  bool read_only = false;

  friend bool operator==(const mount_entry&, const mount_entry&) = default;
};

struct share_file_request {
  std::string sandbox_id;
  std::string container_id;
  mount_entry mount;
  /// What people call the container; may be empty.
  std::string container_name = {};

  friend bool operator==(const share_file_request&, const share_file_request&)
    = default;
};

/// Either `ignored` with its reason, and the caller drops the mount, or the
/// rest.
struct share_file_reply {
  bool ignored = false;
  std::string reason;
  std::string share_id;
  /// Empty in copy mode.
  std::string host_path;
  std::string guest_path;
  std::vector<storage> container_storages;
  std::vector<storage> volume_storages;
  /// Of a volume: the generation that the guest has.
  std::string generation;
  skipped_list skipped;
  /// What of a copy is not as on the host though it was copied.
  std::vector<std::string> notes;
  /// Where the share itself is, with or without a storage that watches it.
  std::string raw_guest_path = {};
  /// It is ignored since it is no matter of sharing: the caller keeps it.
  bool keeps_mount = false;
};

struct share_files_request {
  std::string sandbox_id;
  std::string container_id;
  /// Their destinations differ.
  std::vector<mount_entry> mounts;
  /// The first failure is the request's, and nothing of it stays.
  bool all_or_nothing = false;
  /// What people call the container; may be empty.
  std::string container_name = {};
};

struct share_files_reply {
  /// In the order of the mounts.
  std::vector<result<share_file_reply>> outcomes;
};

/// Names a share by its id, or by container and destination.
struct unshare_file_request {
  std::string sandbox_id;
  std::string container_id;
  std::string destination;
  std::string share_id;
};

struct unshare_file_reply {
  std::vector<path_reason> leftovers;
};

struct unshare_container_request {
  std::string sandbox_id;
  std::string container_id;
};

struct unshare_container_reply {
  std::vector<path_reason> leftovers;
};

struct start_watcher_request {
  std::string sandbox_id;
};

struct start_watcher_reply {};

struct stop_watcher_request {
  std::string sandbox_id;
};

struct stop_watcher_reply {};

/// One share of a sandbox; a root filesystem has the destination `/`.
struct share_status {
  std::string share_id;
  std::string container_id;
  mount_entry mount;
  std::string host_path;
  std::string guest_path;
  /// False while the request that makes it still runs, if it is ignored, and
  /// where the guest may have lost it.
  bool ready = false;
  /// The source cannot be copied: the container goes without this mount.
  bool ignored = false;
  /// Why it is ignored, or what is not known to be in the guest.
  std::string reason;
  /// What `copy.categories` goes by; empty for what is not copied.
  std::string category;
  /// The rule of its category is `audit`: `deny` would refuse it.
  bool would_be_denied = false;
  /// Of the first copy, while it runs.
  copy_progress progress;
  skipped_list skipped;
  /// See share_file_reply.
  std::vector<std::string> notes = {};
  /// What people call the container; may be empty.
  std::string container_name = {};
};

/// Returns what shares are listed in the order of: those with an id, then root
/// filesystems, by container. No id has a `~`.
std::string list_key(const share_status& of);
inline constexpr char rootfs_key = '~';

/// Returns about how many bytes a share takes in a reply.
std::size_t listed_bytes(const share_status& of);

/// Part of the shares of a sandbox, in the order of list_key().
struct share_page {
  std::vector<share_status> listed;
  /// How many more come behind it.
  std::uint64_t more = 0;
};

struct sandbox_status {
  std::string sandbox_id;
  sharing_mode mode = sharing_mode::unspecified;
  std::string guest_address;
  /// What the guest agent said; empty before the first contact.
  std::string guest_agent_version;
  bool guest_connected = false;
  bool watcher_running = false;
  std::string shared_dir;
  std::string mounts_dir;
  std::uint64_t containers = 0;
  std::uint64_t shares = 0;
  /// Memory of the guest that copies take, and what they may take; 0 is any.
  std::uint64_t held_bytes = 0;
  std::uint64_t held_limit_bytes = 0;
  leftover_page leftovers;
  /// Reads of its sources that do not answer.
  std::vector<hung_read> hung_reads;
  /// Why a restart would not know the latest of it; empty where it would.
  std::string unrecorded;
  label_map labels = {};
  guest_policy policy = guest_policy::unknown;
  std::uint64_t guest_memory_bytes = 0;
  /// Nothing where nobody has said.
  std::optional<owner_status> owner = std::nullopt;
};

struct list_sandboxes_request {
  /// Empty for all.
  std::string sandbox_id;
  /// Only sandboxes behind this one are asked for.
  std::string sandboxes_after = {};
};

struct list_sandboxes_reply {
  /// In the order of their ids.
  std::vector<sandbox_status> sandboxes;
  /// How many come behind those that are listed.
  std::uint64_t more = 0;
};

/// What is wanted of a sandbox.
enum class sandbox_view : std::uint8_t {
  /// A page of each list.
  whole,
  /// The sandbox itself, without what may take long to find out.
  summary,
};

struct get_sandbox_request {
  std::string sandbox_id;
  /// Of these at most one is not empty: only that list is asked for, behind
  /// where the page before has ended.
  std::string leftovers_after = {};
  std::string shares_after = {};
  std::string volumes_after = {};
  sandbox_view view = sandbox_view::whole;
};

struct get_sandbox_reply {
  sandbox_status sandbox;
  share_page shares;
  /// With this sandbox's destinations only.
  volume_page volumes;
};

struct list_volumes_request {
  /// Empty for those of all sandboxes.
  std::string sandbox_id;
  /// Where the page before has ended; empty for the first.
  std::string volumes_after = {};
};

struct list_volumes_reply {
  volume_page volumes;
};

} // namespace fsshare
