// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_budget.hpp"

#include <utility>

namespace fsshare {

namespace {

// tmpfs(5) gives whole pages to a file; guests' pages have 4 KiB at least.
constexpr std::uint64_t page_bytes = 4096;

} // namespace

std::uint64_t guest_memory_of(const tree_snapshot& tree) {
  std::uint64_t sum = 0;
  for (const auto& entry : tree.entries)
    sum += guest_memory_of(entry.size - entry.hole_bytes);
  return sum;
}

std::uint64_t guest_memory_of(std::uint64_t file_bytes) {
  const bool is_even = file_bytes % page_bytes == 0;
  return (file_bytes / page_bytes + (is_even ? 0 : 1)) * page_bytes;
}

status guest_budget::reserve(const std::string& path, std::uint64_t size) {
  const auto known = by_path_.find(path);
  const auto before = known == by_path_.end() ? 0 : known->second;
  const auto others = held_ - before;
  if (limit_ != 0 && (others > limit_ || size > limit_ - others)) {
    refused_ = true;
    return error{errc::resource_exhausted,
                 "copy to guest path " + path + ": it takes "
                   + std::to_string(size)
                   + " bytes of the guest's memory, the sandbox's copies have "
                   + std::to_string(others) + " of at most "
                   + std::to_string(limit_) + " (" + reason_ + ")"};
  }
  by_path_[path] = size;
  held_ = others + size;
  return unit{};
}

void guest_budget::restore(const std::string& path, std::uint64_t size) {
  auto& known = by_path_[path];
  held_ += size - known;
  known = size;
}

guest_budget::entry guest_budget::give_back(entry at) {
  held_ -= at->second;
  relieved_ |= at->second > 0;
  return by_path_.erase(at);
}

void guest_budget::cancel(const std::string& path) {
  if (const auto known = by_path_.find(path); known != by_path_.end())
    give_back(known);
}

void guest_budget::release(const std::string& path) {
  cancel(path);
  const auto below = path + "/";
  for (auto i = by_path_.lower_bound(below);
       i != by_path_.end() && i->first.starts_with(below);)
    i = give_back(i);
}

bool guest_budget::take_relief() {
  const bool relief = refused_ && relieved_;
  relieved_ = false;
  if (relief)
    refused_ = false;
  return relief;
}

} // namespace fsshare
