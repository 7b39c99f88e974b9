// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_marks.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace fsshare {

namespace {

using marks_by_place = std::unordered_map<std::string_view, std::uint64_t>;

// As boost::hash_combine does.
void mix(std::uint64_t& into, std::uint64_t more) {
  into ^= more + 0x9e3779b97f4a7c15U + (into << 6U) + (into >> 2U);
}

// Whether a path is one of the ways or a directory on one.
bool is_on_a_way(const volume_ways& ways, const std::string& path) {
  const auto first_at = [&ways](const std::string& from) {
    return std::lower_bound(ways.begin(), ways.end(), from,
                            [](const auto& way, const std::string& wanted) {
                              return way.first < wanted;
                            });
  };
  const auto at = first_at(path);
  if (at != ways.end() && at->first == path)
    return true;
  const auto below = first_at(path == "/" ? path : path + "/");
  return below != ways.end() && is_below(below->first, path);
}

std::uint64_t mark_of(std::string_view way, const marks_by_place& marks) {
  std::uint64_t mark = 0;
  for (auto at = way; !at.empty();
       at = at.size() > 1 ? parent_path(at) : std::string_view{})
    if (const auto found = marks.find(at); found != marks.end())
      mix(mark, found->second);
  return mark;
}

} // namespace

result<std::vector<std::uint64_t>> marks_of(const volume_ways& ways,
                                            const std::string& table) {
  std::unordered_map<std::string, std::uint64_t> found;
  const std::hash<std::string> hash;
  // Numbers are given out again: of a mount, its device and its directory one
  // at least differs from what was there, unless its filesystem has ended,
  // which ends its watches.
  const auto read = scan_mounts(table, [&](const mounted_entry& entry) {
    if (!is_on_a_way(ways, entry.mount_point))
      return;
    auto& mark = found.try_emplace(entry.mount_point, hash(entry.mount_point))
                   .first->second;
    mix(mark, entry.id);
    mix(mark, hash(entry.device));
    mix(mark, hash(entry.root));
  });
  if (!read)
    return read.err();
  const marks_by_place marks{found.begin(), found.end()};
  std::vector<std::uint64_t> out;
  out.reserve(ways.size());
  for (const auto& [way, path] : ways)
    out.push_back(mark_of(way, marks));
  return out;
}

} // namespace fsshare
