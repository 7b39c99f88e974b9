// SPDX-License-Identifier: Apache-2.0
#include "core/volume/watch_table.hpp"

#include "core/paths.hpp"
#include "core/volume/volume_shape.hpp"

namespace fsshare {

namespace {

constexpr auto lost_bits = inotify_mask::ignored | inotify_mask::unmount
                           | inotify_mask::delete_self
                           | inotify_mask::move_self;

volume_hint classify(const inotify_event& event) {
  using enum volume_hint;
  if ((event.mask & lost_bits) != 0)
    return watch_anew;
  if ((event.mask & inotify_mask::moved_to) != 0 && event.name == data_link)
    return read_now;
  const bool is_generation = (event.mask & inotify_mask::is_directory) != 0
                             && is_generation_name(event.name);
  if ((event.mask & inotify_mask::removed) != 0 && is_generation)
    return look;
  if ((event.mask & inotify_mask::created) != 0 && is_generation)
    return begun;
  // Kubelets up to 1.26 set owners and modes from the root to the last link.
  if ((event.mask & inotify_mask::attrib) != 0)
    return look_closely;
  return nothing;
}

volume_hint classify_awaited(const inotify_event& event,
                             const std::string& name) {
  const bool appeared
    = (event.mask & (inotify_mask::created | inotify_mask::moved_to)) != 0
      && event.name == name;
  const bool is_lost = (event.mask & lost_bits) != 0;
  return appeared || is_lost ? volume_hint::watch_again : volume_hint::nothing;
}

} // namespace

std::optional<int> watch_table::add(const std::string& path, int wd) {
  return put(path, {wd, std::nullopt});
}

std::optional<int> watch_table::await(const std::string& path, int wd,
                                      const std::string& name) {
  return put(path, {wd, name});
}

std::optional<int> watch_table::put(const std::string& path, watched_path how) {
  std::optional<int> obsolete;
  if (const auto before = find(path); before && *before != how.wd)
    obsolete = remove(path);
  paths_of_[how.wd].insert(path);
  wd_of_[path] = std::move(how);
  return obsolete;
}

bool watch_table::is_awaited(const std::string& path) const {
  const auto found = wd_of_.find(path);
  return found != wd_of_.end() && found->second.awaited;
}

std::optional<int> watch_table::remove(const std::string& path) {
  const auto found = wd_of_.find(path);
  if (found == wd_of_.end())
    return std::nullopt;
  const auto wd = found->second.wd;
  wd_of_.erase(found);
  auto& paths = paths_of_.at(wd);
  paths.erase(path);
  if (!paths.empty())
    return std::nullopt;
  paths_of_.erase(wd);
  note_end(wd);
  return wd;
}

void watch_table::placing() {
  ++placing_;
}

bool watch_table::placed(std::optional<int> wd) {
  const bool ended = wd && ended_.contains(*wd);
  if (--placing_ == 0)
    ended_.clear();
  return !ended;
}

void watch_table::note_end(int wd) {
  if (placing_ > 0)
    ended_.insert(wd);
}

watch_outcome watch_table::handle(const inotify_event& event) {
  watch_outcome out;
  if ((event.mask & inotify_mask::queue_overflow) != 0) {
    out.overflow = true;
    return out;
  }
  const auto found = paths_of_.find(event.wd);
  if (found == paths_of_.end()) {
    // Perhaps of a watch that has just been placed.
    if (classify(event) == volume_hint::watch_anew)
      note_end(event.wd);
    return out;
  }
  const auto kind = classify(event);
  for (const auto& path : found->second) {
    const auto& awaited = wd_of_.at(path).awaited;
    const auto hint = awaited ? classify_awaited(event, *awaited) : kind;
    out.events.push_back(
      {path, hint, hint == volume_hint::begun ? event.name : std::string{}});
  }
  if (kind != volume_hint::watch_anew)
    return out;
  for (const auto& path : found->second)
    wd_of_.erase(path);
  paths_of_.erase(found);
  note_end(event.wd);
  // A directory that was moved away keeps its watch; in the other cases the
  // kernel has dropped it or is about to (inotify(7), IN_IGNORED).
  if ((event.mask & lost_bits) == inotify_mask::move_self)
    out.obsolete = event.wd;
  return out;
}

std::optional<int> watch_table::find(const std::string& path) const {
  const auto found = wd_of_.find(path);
  if (found == wd_of_.end())
    return std::nullopt;
  return found->second.wd;
}

} // namespace fsshare
