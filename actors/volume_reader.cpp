#include "actors/volume_reader.hpp"

#include "sys/file_chunk.hpp"
#include "sys/file_system_type.hpp"
#include "sys/pod_volume.hpp"
#include "sys/volume_tree.hpp"

#include <utility>

namespace fsshare {

volume_reader_state::volume_reader_state(handle::pointer,
                                         volume_reader_options options)
  : options_(std::move(options)) {
}

volume_reader_state::handle::behavior_type
volume_reader_state::make_behavior() {
  return {
    [this](const classify_source& msg) {
      return classify(msg);
    },
    [this](const look_at_volume& msg) {
      return to_reply(look(msg));
    },
    [this](const read_generation& msg) -> caf::result<generation_read> {
      auto read
        = load_generation(msg.volume, options_.volume_limits, options_.between);
      if (!read)
        return to_caf(read.err());
      return generation_read{*std::move(read)};
    },
    [this](const read_tree& msg) -> caf::result<tree_read> {
      auto read = load_tree(msg.path, options_.limits, {options_.mounts},
                            options_.between);
      if (!read)
        return to_caf(read.err());
      return tree_read{*std::move(read)};
    },
    [](const read_chunk& msg) {
      return to_reply(fetch(msg));
    },
    [](const look_for_erofs& msg) {
      return erofs_looked_for{any_on_erofs(msg.dirs)};
    },
  };
}

source_class volume_reader_state::classify(const classify_source& msg) const {
  source_class found;
  found.resolved = resolved_path(msg.path);
  found.plugin = find_plugin(msg.path, found.resolved);
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
bool volume_reader_state::is_volume(const classify_source& msg,
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

result<volume_look> volume_reader_state::look(const look_at_volume& msg) const {
  if (msg.closely) {
    auto seen = load_generation_id(msg.volume, options_.volume_limits,
                                   options_.between);
    if (!seen)
      return seen.err();
    return volume_look{seen->name, seen->digest};
  }
  auto published = load_generation_name(msg.volume);
  if (!published)
    return published.err();
  return volume_look{*std::move(published), std::nullopt};
}

result<chunk_read> volume_reader_state::fetch(const read_chunk& msg) {
  auto source = msg.source;
  if (!source) {
    auto opened = open_chunk_source(msg.root, msg.path);
    if (!opened)
      return opened.err();
    source = *std::move(opened);
  }
  auto chunk = load_chunk(*source, msg.offset, msg.length);
  if (!chunk)
    return chunk.err();
  return chunk_read{std::move(chunk->data), chunk->missing > 0,
                    std::move(source)};
}

} // namespace fsshare
