// SPDX-License-Identifier: Apache-2.0
#include "core/journal/adoption.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

std::vector<std::string> bind_places(const recorded_sandbox& sandbox,
                                     const share_layout& layout) {
  std::vector<std::string> places;
  for (const auto& bind : sandbox.prepare.request.sandbox_binds)
    places.push_back(layout.host_sandbox_bind(base_name(bind.source)));
  return places;
}

/// What shows that all of a root filesystem was made on the host.
seen_place wanted_place(rootfs_kind kind) {
  switch (kind) {
  case rootfs_kind::bind:
  case rootfs_kind::nydus: return seen_place::mounted;
  case rootfs_kind::block_device: return seen_place::placeholder;
  case rootfs_kind::forced_pull:
  case rootfs_kind::virtual_volume:
  case rootfs_kind::erofs:
  case rootfs_kind::layers: break;
  }
  return seen_place::nothing;
}

bool is_there(const sandbox_look& look, const std::string& path,
              seen_place wanted) {
  const auto at = look.places.find(path);
  return wanted == seen_place::nothing
         || (at != look.places.end() && at->second >= wanted);
}

bool is_prepared(const recorded_sandbox& sandbox, const share_layout& layout,
                 const sandbox_look& look) {
  const auto binds = bind_places(sandbox, layout);
  return look.bears_mark && look.has_mounts
         && std::all_of(binds.begin(), binds.end(), [&](const auto& path) {
              return is_there(look, path, seen_place::mounted);
            });
}

/// Says what becomes of one share.
template <class Entry>
void judge(const std::string& id, Entry& entry, bool is_whole,
           std::vector<std::string>& lost) {
  if (entry.phase == recorded_phase::leaving)
    return;
  if (entry.phase == recorded_phase::made && !is_whole)
    lost.push_back(id);
  entry.phase = is_whole ? recorded_phase::made : recorded_phase::leaving;
}

} // namespace

share_layout layout_of(const recorded_sandbox& sandbox,
                       const std::string& share_root) {
  return {share_root, sandbox.prepare.request.sandbox_id,
          sandbox.prepare.guest_share_dir};
}

std::vector<std::string> places_of(const recorded_sandbox& sandbox,
                                   const share_layout& layout) {
  auto places = bind_places(sandbox, layout);
  places.push_back(layout.staging_dir());
  for (const auto& entry : sandbox.shares)
    places.push_back(layout.host_share(entry.first));
  for (const auto& entry : sandbox.rootfs)
    if (!entry.second.what.host_path.empty())
      places.push_back(entry.second.what.host_path);
  return places;
}

adoption adopt(const recorded_sandbox& sandbox, const share_layout& layout,
               const sandbox_look& look) {
  const bool copies = sandbox.prepare.request.mode == sharing_mode::copy;
  if (copies && sandbox.phase == recorded_phase::made)
    return adopt_copies(sandbox);
  if (copies || sandbox.phase == recorded_phase::leaving
      || (sandbox.phase == recorded_phase::intended
          && !is_prepared(sandbox, layout, look)))
    return unfinished_sandbox{sandbox.phase};
  if (!look.unreachable.empty())
    return lost_sandbox{look.unreachable};
  if (!look.bears_mark)
    return lost_sandbox{"its directory " + layout.sandbox_dir()
                        + " bears our mark no more"};
  if (!look.has_mounts)
    return lost_sandbox{"what was mounted at " + layout.mounts_dir() + " and "
                        + layout.shared_dir() + " is not there any more"};
  adopted_sandbox out{
    sandbox, {}, is_there(look, layout.staging_dir(), seen_place::placeholder)};
  out.sandbox.phase = recorded_phase::made;
  for (auto& [id, share] : out.sandbox.shares)
    judge(id, share, is_there(look, layout.host_share(id), seen_place::mounted),
          out.lost);
  for (auto& [container, rootfs] : out.sandbox.rootfs)
    judge(container, rootfs,
          is_there(look, rootfs.what.host_path, wanted_place(rootfs.what.kind)),
          out.lost);
  return out;
}

} // namespace fsshare
