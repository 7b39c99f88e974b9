// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/byte_lease.hpp"
#include "core/copy/file_shape.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/share/opened_sources.hpp"
#include "core/volume/host_volume.hpp"
#include "core/volume/hung_read.hpp"
#include "core/volume/pod_volume_part.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// An open file that is read in chunks; see sys/tree/file_chunk.hpp.
class chunk_source;

/// A watch that was placed and that nobody has yet; see sys/tree/inotify.hpp.
class placed_watch;

// Every request may touch a filesystem that does not answer. Where it names a
// sandbox, that is the one for which it is made: only so many of its requests
// may hang.

/// What stands at the source of a share.
enum class source_kind : std::uint8_t {
  /// A volume of AtomicWriter shape that is to be followed.
  volume,
  /// Anything else: copied once, or ignored for its type.
  tree,
};
struct source_class {
  source_kind kind = source_kind::tree;
  /// What is read: the source, or what it leads to if it is a symlink.
  std::string source;
  /// The source with all symlinks resolved.
  std::string resolved;
  /// Of the pod's volume that the source is or lies in; see plugin_of(). By
  /// whatever name, where the rules do not let pass what is of such a volume.
  std::string plugin;
  /// The emptyDir that the source is or lies in, and where in it.
  std::optional<pod_volume_part> empty_dir;
  bool is_directory = false;
  /// A tree at the path of a volume that has no generation yet.
  bool awaits_shape = false;
};

/// Asks what a source is, to know how to share it. What is not there, and a
/// symlink that leads nowhere, fail NOT_FOUND.
struct classify_source {
  std::string path;
  /// Directories that are kubelet roots beside the configured ones.
  std::vector<std::string> kubelet_roots;
  std::string sandbox_id = {};
};

/// Compares a volume with what is known of it.
struct look_at_volume {
  std::string volume;
  /// Whether modes and owners are to be compared too.
  bool closely = false;
};

/// Reads what `..data` names, whole. ABORTED when a rotation got in between.
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
enum class tree_use : std::uint8_t { copy, look };

/// Reads the names, types, modes and owners of a tree, not the contents.
struct read_tree {
  std::string path;
  std::string sandbox_id = {};
  /// Ends it ABORTED.
  stop_flag stop = nullptr;
  /// Directories that are kubelet roots beside the configured ones, where hard
  /// links to files of volumes are told by.
  std::vector<std::string> kubelet_roots = {};
  tree_use use = tree_use::copy;
};
struct tree_read {
  tree_snapshot_ptr tree;
};

/// Reads a part of a file of a tree that read_tree listed.
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
/// What the bytes of a file have turned out to be.
struct read_bytes {
  /// As many as were asked for.
  blob data;
  /// Somebody wrote to the file since it was opened.
  bool changed = false;
};
/// The file itself is why nothing was read, not the way to it.
struct file_obstacle {
  error why;
  /// It may pass: somebody holds a lease on the file, or its filesystem is not
  /// there for now.
  bool may_pass = false;
};
struct chunk_read {
  /// A shape if the file is not as it was taken to be, and is to be asked for
  /// anew; nothing of it was read then.
  std::variant<read_bytes, file_shape, file_obstacle> found;
  std::shared_ptr<const chunk_source> source;
};

/// Asks whether any of the directories lies on an EROFS filesystem.
struct look_for_erofs {
  std::vector<std::string> dirs;
  std::string sandbox_id = {};
};
struct erofs_looked_for {
  bool found = false;
};

/// Opens the source of a bind mount, so that MOUNTER need not.
struct open_bind_source {
  std::string path;
  std::string sandbox_id;
};
struct bind_source_opened {
  opened_source_ptr source;
};

/// Watches the directory of a volume; asked for by INOTIFY READER only.
struct place_watch {
  std::string volume;
};
/// The same of the next directory above it that is there.
struct place_watch_above {
  std::string volume;
};
struct watch_placed {
  std::shared_ptr<placed_watch> watch;
  /// What is to appear in that directory; empty if it is the volume's own.
  std::string awaited = {};
};

/// Says that a sandbox has ended: what was asked for it fails ABORTED at once,
/// and what hangs is not held against another one of its name.
struct forget_reads {
  std::string sandbox_id;
};

/// Asks which reads for a sandbox do not answer.
struct describe_reads {
  std::string sandbox_id;
};
struct hung_reads {
  /// The longest first.
  std::vector<hung_read> reads;
};

/// READER POOL: blocking reads of host files. A read that stands still for
/// `sources.timeout` fails DEADLINE_EXCEEDED; one that is not tried, since too
/// much hangs, RESOURCE_EXHAUSTED.
using volume_reader_actor = caf::typed_actor<
  rpc<source_class, classify_source>, rpc<volume_look, look_at_volume>,
  rpc<generation_read, read_generation>, rpc<tree_read, read_tree>,
  rpc<chunk_read, read_chunk>, rpc<erofs_looked_for, look_for_erofs>,
  rpc<bind_source_opened, open_bind_source>, rpc<watch_placed, place_watch>,
  rpc<watch_placed, place_watch_above>, msg<forget_reads>,
  rpc<hung_reads, describe_reads>>;

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::source_class)
FSSHARE_MESSAGE(fsshare::classify_source)
FSSHARE_MESSAGE(fsshare::look_at_volume)
FSSHARE_MESSAGE(fsshare::volume_look)
FSSHARE_MESSAGE(fsshare::read_generation)
FSSHARE_MESSAGE(fsshare::generation_read)
FSSHARE_MESSAGE(fsshare::read_tree)
FSSHARE_MESSAGE(fsshare::tree_read)
FSSHARE_MESSAGE(fsshare::read_chunk)
FSSHARE_MESSAGE(fsshare::chunk_read)
FSSHARE_MESSAGE(fsshare::look_for_erofs)
FSSHARE_MESSAGE(fsshare::erofs_looked_for)
FSSHARE_MESSAGE(fsshare::open_bind_source)
FSSHARE_MESSAGE(fsshare::bind_source_opened)
FSSHARE_MESSAGE(fsshare::place_watch)
FSSHARE_MESSAGE(fsshare::place_watch_above)
FSSHARE_MESSAGE(fsshare::watch_placed)
FSSHARE_MESSAGE(fsshare::forget_reads)
FSSHARE_MESSAGE(fsshare::describe_reads)
FSSHARE_MESSAGE(fsshare::hung_reads)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_volume_reader, fsshare::type_range(1))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::source_class))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::classify_source))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::look_at_volume))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::volume_look))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::read_generation))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::generation_read))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::read_tree))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::tree_read))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::read_chunk))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::chunk_read))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::look_for_erofs))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::erofs_looked_for))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::open_bind_source))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::bind_source_opened))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::place_watch))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::place_watch_above))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::watch_placed))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::forget_reads))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::describe_reads))
  CAF_ADD_TYPE_ID(fsshare_volume_reader, (fsshare::hung_reads))
CAF_END_TYPE_ID_BLOCK(fsshare_volume_reader)
