// SPDX-License-Identifier: Apache-2.0
#include "actors/reader_files.hpp"

#include "core/paths.hpp"
#include "core/volume_memory.hpp"
#include "sys/file_chunk.hpp"
#include "sys/file_system_type.hpp"
#include "sys/opened_source.hpp"
#include "sys/pod_volume.hpp"
#include "sys/share_alias.hpp"
#include "sys/volume_tree.hpp"

#include <utility>

namespace fsshare {

file_reader::file_reader(volume_reader_options options)
  : options_(std::move(options)) {
}

result<source_class> file_reader::read(const classify_source& msg,
                                       const checkpoint& between) const {
  source_class found;
  found.resolved = resolved_path(msg.path);
  between();
  found.plugin = find_plugin(msg.path, found.resolved);
  between();
  if (found.plugin == empty_dir_plugin)
    found.empty_dir = find_empty_dir(found.resolved);
  between();
  found.is_directory = is_directory_at(msg.path);
  if (is_volume(msg, found.resolved)) {
    const auto published = load_generation_name(msg.path);
    if (published && is_generation_name(*published))
      found.kind = source_kind::volume;
  }
  return found;
}

// Whether a path is that of a volume, by itself or with its symlinks resolved:
// runtimes give either, and so do operators of kubelet roots.
bool file_reader::is_volume(const classify_source& msg,
                            const std::string& resolved) const {
  if (!options_.kubelet_roots_only) {
    const auto matcher = volume_matcher::structural(options_.csi);
    return matcher.kind_of(msg.path) || matcher.kind_of(resolved);
  }
  auto roots = options_.kubelet_roots;
  roots.insert(roots.end(), msg.kubelet_roots.begin(), msg.kubelet_roots.end());
  const auto given = roots.size();
  for (std::size_t i = 0; i < given; ++i)
    roots.push_back(resolved_path(roots[i]));
  const auto matcher
    = volume_matcher::kubelet_root(std::move(roots), options_.csi);
  return matcher.kind_of(msg.path) || matcher.kind_of(resolved);
}

result<volume_look> file_reader::read(const look_at_volume& msg,
                                      const checkpoint& between) const {
  if (msg.closely) {
    auto seen = load_generation_id(msg.volume, options_.volume_limits, between);
    if (!seen)
      return seen.err();
    return volume_look{seen->name, seen->digest};
  }
  auto published = load_generation_name(msg.volume, dangling_data::refuse);
  if (!published)
    return published.err();
  return volume_look{*std::move(published), std::nullopt};
}

result<generation_read> file_reader::read(const read_generation& msg,
                                          const checkpoint& between) const {
  const auto room = msg.memory
                      ? room_for_volume(msg.memory->bytes(), msg.copies)
                      : any_memory;
  auto read
    = load_generation(msg.volume, options_.volume_limits, between, room);
  if (!read)
    return read.err();
  auto snapshot = *std::move(read);
  const auto needed = memory_with_copies(snapshot->memory_bytes(), msg.copies);
  if (!msg.memory)
    return generation_read{std::move(snapshot), needed};
  if (needed > msg.memory->bytes())
    return generation_read{nullptr, needed};
  msg.memory->shrink(needed);
  return generation_read{with_lease(std::move(snapshot), msg.memory), needed};
}

result<tree_read> file_reader::read(const read_tree& msg,
                                    const checkpoint& between) const {
  auto mounts = options_.mounts;
  if (options_.share_root) {
    const auto allowed = crossing_at(msg.path, mounts, *options_.share_root);
    if (!allowed)
      return allowed.err();
    mounts = *allowed;
  }
  auto read = load_tree(msg.path, options_.limits, {mounts, msg.stop}, between);
  if (!read)
    return read.err();
  return tree_read{*std::move(read)};
}

// Returns the same file, of which another thread than that of the last
// reference is asked to close it.
chunk_source_ptr
file_reader::closed_elsewhere(chunk_source_ptr file,
                              const std::string& sandbox_id) const {
  if (!options_.close)
    return file;
  const auto* open = file.get();
  return {open, [close = options_.close, file = std::move(file),
                 sandbox_id](const chunk_source*) mutable {
            close(std::move(file), sandbox_id);
          }};
}

result<chunk_read> file_reader::read(const read_chunk& msg,
                                     const checkpoint& between) const {
  auto source = msg.source;
  if (!source) {
    auto opened = open_chunk_source(msg.root, msg.path);
    if (!opened)
      return opened.err();
    source = closed_elsewhere(*std::move(opened), msg.sandbox_id);
    between();
  }
  auto chunk = load_chunk(*source, msg.offset, msg.length);
  if (!chunk)
    return chunk.err();
  return chunk_read{std::move(chunk->data), chunk->missing > 0,
                    std::move(source)};
}

result<erofs_looked_for> file_reader::read(const look_for_erofs& msg,
                                           const checkpoint&) const {
  return erofs_looked_for{any_on_erofs(msg.dirs)};
}

result<bind_source_opened> file_reader::read(const open_bind_source& msg,
                                             const checkpoint&) const {
  auto opened = open_source(msg.path);
  if (!opened)
    return opened.err();
  return bind_source_opened{*std::move(opened)};
}

result<watch_placed> file_reader::read(const place_watch& msg,
                                       const checkpoint&) const {
  const auto wd = options_.watches->add(msg.volume);
  if (!wd)
    return wd.err();
  return watch_placed{std::make_shared<placed_watch>(options_.watches, *wd)};
}

// Not above the pod's directory: what lacks that comes back no more.
result<watch_placed> file_reader::read(const place_watch_above& msg,
                                       const checkpoint& between) const {
  constexpr int levels = 3;
  error why;
  std::string_view path = msg.volume;
  for (int level = 0; level < levels && path.size() > 1; ++level) {
    const auto name = base_name(path);
    path = parent_path(path);
    const auto wd = options_.watches->add_entries(std::string{path});
    if (wd)
      return watch_placed{std::make_shared<placed_watch>(options_.watches, *wd),
                          std::string{name}};
    why = wd.err();
    between();
  }
  return why;
}

} // namespace fsshare
