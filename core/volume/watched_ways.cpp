// SPDX-License-Identifier: Apache-2.0
#include "core/volume/watched_ways.hpp"

#include <algorithm>

namespace fsshare {

void watched_ways::put(const std::string& path, std::string way) {
  auto& known = way_of_[path];
  if (known.way == way)
    return;
  known = {std::move(way)};
  all_.reset();
}

void watched_ways::remove(const std::string& path) {
  if (way_of_.erase(path) == 0)
    return;
  due_.erase(path);
  all_.reset();
}

std::shared_ptr<const volume_ways> watched_ways::all() {
  if (!all_) {
    auto ways = std::make_shared<volume_ways>();
    ways->reserve(way_of_.size());
    for (const auto& [path, known] : way_of_)
      ways->emplace_back(known.way, path);
    std::sort(ways->begin(), ways->end());
    all_ = std::move(ways);
  }
  return all_;
}

// Where the mark of a way was not known, something may have been mounted there
// since its watch was placed.
void watched_ways::looked(const volume_ways& seen,
                          const std::vector<std::uint64_t>& marks) {
  for (std::size_t i = 0; i < seen.size() && i < marks.size(); ++i) {
    const auto& [way, path] = seen[i];
    const auto known = way_of_.find(path);
    if (known == way_of_.end() || known->second.way != way)
      continue;
    auto& mark = known->second.mark;
    if (mark != marks[i])
      due_.insert(path);
    mark = marks[i];
  }
}

std::vector<std::string> watched_ways::take_due(std::size_t most) {
  std::vector<std::string> out;
  while (!due_.empty() && out.size() < most)
    out.push_back(std::move(due_.extract(due_.begin()).value()));
  return out;
}

} // namespace fsshare
