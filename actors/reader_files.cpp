// SPDX-License-Identifier: Apache-2.0
#include "actors/reader_files.hpp"

#include "core/paths.hpp"
#include "core/volume/volume_memory.hpp"
#include "sys/mount/mount_marks.hpp"
#include "sys/mount/mount_namespace.hpp"
#include "sys/mount/opened_source.hpp"
#include "sys/mount/share_alias.hpp"
#include "sys/tree/file_chunk.hpp"
#include "sys/tree/file_system_type.hpp"
#include "sys/tree/known_volumes.hpp"
#include "sys/tree/open_beneath.hpp"
#include "sys/tree/pod_volume.hpp"
#include "sys/tree/volume_judge.hpp"
#include "sys/tree/volume_tree.hpp"

#include <limits>
#include <optional>
#include <utility>

namespace fsshare {

namespace {

// A file that cannot be read is no failure of the reading: the others can. What
// this process lacks is one.
result<chunk_read> not_read(const error& why, chunk_source_ptr source) {
  if (why.code == errc::resource_exhausted)
    return why;
  return chunk_read{file_obstacle{why, why.code == errc::unavailable},
                    std::move(source)};
}

// A chunk, or why it cannot be read; nothing where the file ends before.
std::optional<result<chunk_read>> read_wholly(const read_chunk& msg,
                                              const chunk_source_ptr& source) {
  auto chunk = load_chunk(*source, msg.offset, msg.length);
  if (!chunk)
    return not_read(chunk.err(), source);
  if (chunk->data->size() != msg.length)
    return std::nullopt;
  return chunk_read{read_bytes{std::move(chunk->data), chunk->changed}, source};
}

result<chunk_read> shaped(chunk_source_ptr source, result<file_shape> shape) {
  if (!shape)
    return not_read(shape.err(), std::move(source));
  return chunk_read{*std::move(shape), std::move(source)};
}

// Of a namespace that is gone the same is said as by MOUNTER.
error not_there(const error& why) {
  return why.code == errc::not_found
           ? error{errc::failed_precondition, why.message}
           : why;
}

// Does something in the mount namespace of a request, and comes back.
template <class Reply, class Function>
result<Reply> read_in(const mount_namespace& where, Function read) {
  if (where.is_own())
    return read();
  const auto opened = open_same_namespace(where);
  if (!opened)
    return not_there(opened.err());
  const auto inside = entered_namespace::enter(**opened);
  if (!inside)
    return inside.err();
  return read();
}

std::optional<copy_category> category_of(volume_judge& judge,
                                         const looked_at_source& source) {
  const auto names = judge.names_of(source.handle.get(), source.path);
  if (const auto found = judge.category_of(*names, {}))
    return found;
  return source.is_linked
           ? judge.category_of_linked(source.device, source.inode)
           : std::nullopt;
}

} // namespace

file_reader::file_reader(reader_pool_options options)
  : options_(std::move(options)) {
}

result<source_class> file_reader::read(const classify_source& msg,
                                       const checkpoint& between) const {
  auto looked = look_at_source(msg.path);
  if (!looked)
    return looked.err();
  source_class found;
  found.source = std::move(looked->path);
  found.is_directory = looked->is_directory;
  between();
  found.resolved = resolved_path(found.source);
  between();
  found.plugin = find_plugin(found.source, found.resolved);
  auto strict = judge(msg.kubelet_roots, between);
  if (strict.is_needed())
    if (const auto category = category_of(strict, *looked))
      found.plugin = to_string(*category);
  if (found.plugin == empty_dir_plugin)
    found.empty_dir = find_empty_dir(found.resolved);
  between();
  if (found.empty_dir) {
    found.empty_dir_now = look_at_empty_dir(found.empty_dir->volume);
    between();
  }
  if (is_volume(msg, found)) {
    const auto published = load_generation_name(found.source);
    if (published && is_generation_name(*published))
      found.kind = source_kind::volume;
    else
      found.awaits_shape = found.is_directory;
  }
  return found;
}

// Tells what must not be copied by whatever name it goes.
volume_judge file_reader::judge(const std::vector<std::string>& kubelet_roots,
                                const checkpoint& between) const {
  auto roots = options_.kubelet_roots;
  roots.insert(roots.end(), kubelet_roots.begin(), kubelet_roots.end());
  return {{options_.categories, std::move(roots)}, between};
}

// Whether a path is that of a volume, by itself or with its symlinks resolved:
// runtimes give either, and so do operators of kubelet roots.
bool file_reader::is_volume(const classify_source& msg,
                            const source_class& found) const {
  const auto knows = [&found](const volume_matcher& matcher) {
    return matcher.kind_of(found.source) || matcher.kind_of(found.resolved);
  };
  if (!options_.kubelet_roots_only)
    return knows(volume_matcher::structural(options_.csi));
  auto roots = options_.kubelet_roots;
  roots.insert(roots.end(), msg.kubelet_roots.begin(), msg.kubelet_roots.end());
  const auto given = roots.size();
  for (std::size_t i = 0; i < given; ++i)
    roots.push_back(resolved_path(roots[i]));
  return knows(volume_matcher::kubelet_root(std::move(roots), options_.csi));
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

result<volumes_seen> file_reader::read(const look_at_volumes& msg,
                                       const checkpoint& between) const {
  volumes_seen seen;
  for (const auto& each : msg.volumes) {
    between();
    if (!is_as_known(each))
      seen.others.push_back(each.path);
  }
  return seen;
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
  return read_in<tree_read>(msg.mount_namespace, [&]() -> result<tree_read> {
    const auto* root = options_.share_root.get();
    if (root == nullptr || msg.mount_namespace.is_own())
      return read_from(msg, root, between);
    // The one that is held lies in another mount table.
    const auto there = held_root::open(root->path());
    if (!there)
      return there.err();
    return read_from(msg, &*there, between);
  });
}

result<tree_read> file_reader::read_from(const read_tree& msg,
                                         const held_root* root,
                                         const checkpoint& between) const {
  auto mounts = options_.mounts;
  if (root != nullptr) {
    const auto allowed = crossing_at(msg.path, mounts, *root);
    if (!allowed)
      return allowed.err();
    mounts = *allowed;
  }
  auto strict = judge(msg.kubelet_roots, between);
  auto limits = options_.limits;
  if (msg.is_any_size)
    limits.total_bytes = std::numeric_limits<std::uint64_t>::max();
  auto read = load_tree(msg.path, limits,
                        {mounts, msg.stop,
                         msg.use == tree_use::copy ? &strict : nullptr,
                         msg.use == tree_use::copy_emptied},
                        between);
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
  if (!msg.source)
    return read_opened(msg, between);
  const auto& source = msg.source;
  if (auto whole = read_wholly(msg, source))
    return *std::move(whole);
  if (msg.offset == 0)
    return shaped(source,
                  find_shape(*source, options_.limits.bytes_per_file, between));
  const error cut{errc::aborted,
                  source->path() + " became shorter while it was copied"};
  return not_read(cut, source);
}

// A file of which nothing is left is closed here: that may take a filesystem's
// answer, too.
result<chunk_read> file_reader::read_opened(const read_chunk& msg,
                                            const checkpoint& between) const {
  auto opened = open_chunk_source(msg.root, msg.path);
  if (!opened)
    return not_read(opened.err(), nullptr);
  const auto source = *std::move(opened);
  between();
  auto read = read_first(msg, source, between);
  if (!read)
    return read;
  const bool is_left = std::holds_alternative<file_shape>(read->found)
                       || (std::holds_alternative<read_bytes>(read->found)
                           && msg.length < msg.size);
  read->source = is_left ? closed_elsewhere(source, msg.sandbox_id) : nullptr;
  between();
  return read;
}

result<files_read> file_reader::read(const read_files& msg,
                                     const checkpoint& between) const {
  files_read all;
  for (const auto& file : msg.files) {
    between();
    const read_chunk whole{msg.root,  file.path, 0,       file.size,
                           file.size, false,     nullptr, msg.sandbox_id};
    all.found.push_back(read(whole, between));
  }
  return all;
}

// Before its first byte is sent it is known how many a file has.
result<chunk_read> file_reader::read_first(const read_chunk& msg,
                                           chunk_source_ptr source,
                                           const checkpoint& between) const {
  if (msg.length == msg.size && !msg.seems_to_have_holes) {
    auto whole = load_whole(*source, msg.size, between);
    if (!whole)
      return not_read(whole.err(), std::move(source));
    if (whole->data->size() == msg.size)
      return chunk_read{read_bytes{std::move(whole->data), whole->changed},
                        std::move(source)};
  }
  auto shape = find_shape(*source, options_.limits.bytes_per_file, between);
  if (!shape || *shape != file_shape{msg.size} || msg.length == msg.size
      || msg.seems_to_have_holes)
    return shaped(source, std::move(shape));
  if (auto whole = read_wholly(msg, source))
    return *std::move(whole);
  const error changing{errc::aborted,
                       source->path() + " changes while it is read"};
  return not_read(changing, std::move(source));
}

result<erofs_looked_for> file_reader::read(const look_for_erofs& msg,
                                           const checkpoint&) const {
  return read_in<erofs_looked_for>(
    msg.mount_namespace, [&]() -> result<erofs_looked_for> {
      return erofs_looked_for{any_on_erofs(msg.dirs)};
    });
}

result<bind_source_opened> file_reader::read(const open_bind_source& msg,
                                             const checkpoint&) const {
  return read_in<bind_source_opened>(
    msg.mount_namespace, [&]() -> result<bind_source_opened> {
      auto opened = open_source(msg.path);
      if (!opened)
        return opened.err();
      return bind_source_opened{*std::move(opened)};
    });
}

result<namespace_seen> file_reader::read(const look_at_namespace& msg,
                                         const checkpoint&) const {
  const auto opened = open_namespace(msg.path);
  if (!opened)
    return not_there(opened.err());
  return namespace_seen{(*opened)->which()};
}

result<mounts_seen> file_reader::read(const look_at_mounts& msg,
                                      const checkpoint&) const {
  auto marks = marks_of(*msg.ways, options_.mount_table);
  if (!marks)
    return marks.err();
  return mounts_seen{*std::move(marks)};
}

result<watch_placed> file_reader::read(const place_watch& msg,
                                       const checkpoint& between) const {
  // Before it is watched: what takes its place meanwhile is found to be
  // another one.
  const auto directory = directory_at(msg.volume);
  between();
  const auto wd = options_.watches->add(msg.volume);
  if (!wd)
    return wd.err();
  auto made = std::make_shared<placed_watch>(options_.watches, *wd);
  between();
  return watch_placed{
    std::move(made), {}, linkless_path(msg.volume), directory};
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
    if (wd) {
      auto made = std::make_shared<placed_watch>(options_.watches, *wd);
      between();
      return watch_placed{
        std::move(made), std::string{name},
        join(linkless_path(std::string{path}),
             msg.volume.substr(path == "/" ? 1 : path.size() + 1))};
    }
    why = wd.err();
    between();
  }
  return why;
}

} // namespace fsshare
