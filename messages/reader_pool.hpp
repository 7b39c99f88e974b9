// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/mount_namespace.hpp"
#include "core/copy/byte_lease.hpp"
#include "core/copy/chunk_read.hpp"
#include "core/copy/shared_copies.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/share/opened_sources.hpp"
#include "core/volume/empty_dir.hpp"
#include "core/volume/host_volume.hpp"
#include "core/volume/hung_read.hpp"
#include "core/volume/pod_volume_part.hpp"
#include "core/volume/watched_ways.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// A watch that was placed and that nobody has yet; see sys/tree/inotify.hpp.
class placed_watch;

// Every request may touch a filesystem that does not answer. Where it names a
// sandbox, that is the one for which it is made: only so many of its requests
// may hang. Where it names a mount namespace, that is where paths are looked
// up; a reader is there for as long as it reads.

struct source_class {
  source_kind kind = source_kind::tree;
  /// What is read: the source, or what it leads to if it is a symlink.
  std::string source;
  /// The source with all symlinks resolved.
  std::string resolved;
  /// Of the pod's volume that the source is or lies in; see find_plugin(). By
  /// whatever name, where the rules do not let pass what is of such a volume.
  std::string plugin;
  /// The emptyDir that the source is or lies in, and where in it.
  std::optional<pod_volume_part> empty_dir;
  /// What that emptyDir is like on the host.
  empty_dir_look empty_dir_now = {};
  bool is_directory = false;
  /// A tree at the path of a volume that has no generation yet.
  bool awaits_shape = false;
};

struct classify_source {
  std::string path;
  /// Directories that are kubelet roots beside the configured ones.
  std::vector<std::string> kubelet_roots;
  std::string sandbox_id = {};
};

struct look_at_volume {
  std::string volume;
  /// Whether modes and owners are to be compared too.
  bool closely = false;
};

/// Not empty.
struct look_at_volumes {
  std::vector<known_volume> volumes;
};
struct volumes_seen {
  /// Paths of those that are not as known, or cannot be looked at.
  std::vector<std::string> others;
};

struct read_generation {
  std::string volume;
  /// Memory for it, which the snapshot then holds; null is any.
  byte_lease_ptr memory = nullptr;
  /// How many guest copies of it may be on their way at a time.
  std::size_t copies = 0;
};
struct generation_read {
  /// Null if it needs more memory.
  volume_snapshot_ptr snapshot;
  /// Bytes for it and for the copies.
  std::uint64_t needed = 0;
};

/// What a tree is read for: the rules are about copies.
enum class tree_use : std::uint8_t { copy, look, copy_emptied };

struct read_tree {
  std::string path;
  std::string sandbox_id = {};
  /// Ends it ABORTED.
  stop_flag stop = nullptr;
  /// Directories that are kubelet roots beside the configured ones, where hard
  /// links to files of volumes are told by.
  std::vector<std::string> kubelet_roots = {};
  tree_use use = tree_use::copy;
  /// How large all of it may be is for the guest's budget to say, which goes by
  /// the guest's memory, not for `copy.limits.sandbox_bytes`.
  bool is_any_size = false;
  fsshare::mount_namespace mount_namespace = {};
};
struct tree_read {
  tree_snapshot_ptr tree;
};

struct read_chunk {
  /// Root of the tree.
  std::string root;
  /// The file, relative to it; empty if the root is the file.
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  /// Bytes that the whole file is taken to have.
  std::uint64_t size = 0;
  /// Its shape is to be found before anything is read.
  bool seems_to_have_holes = false;
  /// From the answer for an earlier chunk, so that all chunks are of one file
  /// even if another takes its name; null opens it.
  std::shared_ptr<const chunk_source> source;
  std::string sandbox_id = {};
};

/// Not empty.
struct read_files {
  /// Root of the tree.
  std::string root;
  std::vector<small_file> files;
  std::string sandbox_id = {};
};
struct files_read {
  found_files found;
};

struct look_for_erofs {
  std::vector<std::string> dirs;
  std::string sandbox_id = {};
  fsshare::mount_namespace mount_namespace = {};
};
struct erofs_looked_for {
  bool found = false;
};

struct open_bind_source {
  std::string path;
  std::string sandbox_id;
  fsshare::mount_namespace mount_namespace = {};
};
struct bind_source_opened {
  opened_source_ptr source;
};

struct look_at_namespace {
  /// Checked by check_mount_namespace().
  std::string path;
};
struct namespace_seen {
  mount_namespace found;
};

struct place_watch {
  std::string volume;
};
struct place_watch_above {
  std::string volume;
};
struct watch_placed {
  std::shared_ptr<placed_watch> watch;
  /// What is to appear in that directory; empty if it is the volume's own.
  std::string awaited = {};
  /// The path of the volume without symlinks, as far as that is known.
  std::string way = {};
  /// The volume's own, to which its path led just before the watch was placed.
  directory_id directory = {};
};

struct look_at_mounts {
  /// Not null.
  std::shared_ptr<const volume_ways> ways;
};
struct mounts_seen {
  /// One per way, in their order; see sys/mount/mount_marks.hpp.
  std::vector<std::uint64_t> marks;
};

struct forget_reads {
  std::string sandbox_id;
};

struct describe_reads {
  std::string sandbox_id;
};
struct hung_reads {
  /// The longest first.
  std::vector<hung_read> reads;
};

} // namespace fsshare

FSSHARE_MESSAGES(reader_pool, 1, source_class, classify_source, look_at_volume,
                 volume_look, read_generation, generation_read, read_tree,
                 tree_read, read_chunk, chunk_read, look_for_erofs,
                 erofs_looked_for, open_bind_source, bind_source_opened,
                 place_watch, place_watch_above, watch_placed, forget_reads,
                 describe_reads, hung_reads, look_at_mounts, mounts_seen,
                 look_at_namespace, namespace_seen, look_at_volumes,
                 volumes_seen, read_files, files_read)

namespace fsshare {

/// READER POOL: blocking reads of host files. A read that stands still for
/// `sources.timeout` fails DEADLINE_EXCEEDED; one that is not tried, since too
/// much hangs, RESOURCE_EXHAUSTED; one whose sandbox has ended ABORTED; any
/// other fails with the kernel's error or as said.
using reader_pool_actor = caf::typed_actor<
  // What is a source, to know how to share it? What is not there, and a symlink
  // that leads nowhere, fail NOT_FOUND.
  rpc<classify_source, source_class>,
  // What does `..data` of a volume name, and what is its digest?
  rpc<look_at_volume, volume_look>,
  // Which volumes are not as they are known to be? One that does not answer
  // fails it for all.
  rpc<look_at_volumes, volumes_seen>,
  // Reads what `..data` names, whole. Answered with it, or with how much memory
  // it takes. ABORTED when a rotation got in between.
  rpc<read_generation, generation_read>,
  // Reads the names, types, modes and owners of a tree, not the contents.
  // ABORTED by its stop flag; RESOURCE_EXHAUSTED with the numbers where there
  // are too many.
  rpc<read_tree, tree_read>,
  // Reads a part of a file of a tree that read_tree listed. Answered with the
  // bytes, with what the file is instead, or why it cannot be read.
  rpc<read_chunk, chunk_read>,
  // Reads small files of such a tree whole. Of each it is said what was found;
  // one that does not answer fails it for all.
  rpc<read_files, files_read>,
  // Does any of the directories lie on an EROFS filesystem?
  rpc<look_for_erofs, erofs_looked_for>,
  // Opens the source of a bind mount, so that MOUNTER need not.
  rpc<open_bind_source, bind_source_opened>,
  // Which mount namespace does a path lead to? FAILED_PRECONDITION where its
  // process has ended.
  rpc<look_at_namespace, namespace_seen>,
  // Watches the directory of a volume; asked for by INOTIFY READER only.
  rpc<place_watch, watch_placed>,
  // The same of the next directory above it that is there.
  rpc<place_watch_above, watch_placed>,
  // What is mounted on the ways to volumes? No filesystem is asked; asked for
  // by INOTIFY READER only.
  rpc<look_at_mounts, mounts_seen>,
  // Says that a sandbox has ended: what was asked for it fails ABORTED at once,
  // and what hangs is not held against another one of its name.
  msg<forget_reads>,
  // Which reads for a sandbox do not answer? Answered at once.
  rpc<describe_reads, hung_reads>>;

} // namespace fsshare
