// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_category.hpp"
#include "core/volume/volume_shape.hpp"
#include "messages/reader_pool.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mountinfo.hpp"
#include "sys/tree/dir_walk.hpp"
#include "sys/tree/file_chunk.hpp"
#include "sys/tree/inotify.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fsshare {

struct reader_pool_options {
  /// Follow only volumes below the kubelet roots; otherwise wherever they are.
  bool kubelet_roots_only = false;
  std::vector<std::string> kubelet_roots;
  csi_volumes csi = csi_volumes::leave;
  /// Of what one share may bring.
  read_limits limits;
  /// The same for volumes, which are held in memory.
  read_limits volume_limits = default_volume_limits;
  mount_crossing mounts = mount_crossing::skip;
  /// What copies take nothing of; null where nothing is mounted.
  std::shared_ptr<const held_root> share_root = nullptr;
  /// Of what lies in the volumes of pods.
  copy_rules categories = {};
  /// Called between any two file system operations; for tests.
  checkpoint between = nullptr;
  /// Where watches are placed; needed where any are asked for.
  std::shared_ptr<watch_api> watches = nullptr;
  /// Of the mounts that watches depend on; see proc(5).
  std::string mount_table = own_mount_table;
  /// Gets files that nobody reads any more, of a sandbox, on any thread; null
  /// closes them there.
  std::function<void(std::shared_ptr<const chunk_source> file,
                     const std::string& sandbox_id)>
    close = nullptr;
  /// Tells READER POOL, without asking a filesystem that may not answer, on
  /// which device a path lies; empty for what cannot be told. Null tells none.
  std::function<std::string(const std::string& path)> device_of = nullptr;
};

/// Reads files of the host, blocking, for as long as their filesystem takes to
/// answer. Has no state but its settings; any thread, also several at a time.
class file_reader {
public:
  explicit file_reader(reader_pool_options options);

  /// @param between called between any two file system operations; what it
  ///        throws ends the read.
  result<source_class> read(const classify_source& msg,
                            const checkpoint& between) const;
  result<volume_look> read(const look_at_volume& msg,
                           const checkpoint& between) const;
  result<volumes_seen> read(const look_at_volumes& msg,
                            const checkpoint& between) const;
  result<generation_read> read(const read_generation& msg,
                               const checkpoint& between) const;
  result<tree_read> read(const read_tree& msg, const checkpoint& between) const;
  result<chunk_read> read(const read_chunk& msg,
                          const checkpoint& between) const;
  result<files_read> read(const read_files& msg,
                          const checkpoint& between) const;
  result<erofs_looked_for> read(const look_for_erofs& msg,
                                const checkpoint& between) const;
  result<bind_source_opened> read(const open_bind_source& msg,
                                  const checkpoint& between) const;
  result<namespace_seen> read(const look_at_namespace& msg,
                              const checkpoint& between) const;
  result<watch_placed> read(const place_watch_above& msg,
                            const checkpoint& between) const;
  result<watch_placed> read(const place_watch& msg,
                            const checkpoint& between) const;
  result<mounts_seen> read(const look_at_mounts& msg,
                           const checkpoint& between) const;

private:
  chunk_source_ptr closed_elsewhere(chunk_source_ptr file,
                                    const std::string& sandbox_id) const;
  result<chunk_read> read_opened(const read_chunk& msg,
                                 const checkpoint& between) const;
  result<chunk_read> read_first(const read_chunk& msg, chunk_source_ptr source,
                                const checkpoint& between) const;
  result<tree_read> read_from(const read_tree& msg, const held_root* root,
                              const checkpoint& between) const;
  volume_judge judge(const std::vector<std::string>& kubelet_roots,
                     const checkpoint& between) const;
  bool is_volume(const classify_source& msg, const source_class& found) const;

  reader_pool_options options_;
};

} // namespace fsshare
