// SPDX-License-Identifier: Apache-2.0
#include "core/copy/skipped_list.hpp"

#include <algorithm>

namespace fsshare {

skipped_list::skipped_list(std::initializer_list<path_reason> entries) {
  for (const auto& entry : entries)
    push_back(entry);
}

void skipped_list::push_back(path_reason entry) {
  const auto bytes = entry.path.size() + entry.reason.size();
  if (more_ > 0 || listed_.size() == most_listed
      || bytes > most_bytes - bytes_) {
    ++more_;
    return;
  }
  bytes_ += bytes;
  listed_.push_back(std::move(entry));
}

void skipped_list::add(const skipped_list& other) {
  for (const auto& entry : other.listed_)
    push_back(entry);
  more_ += other.more_;
}

bool skipped_list::contains(const path_reason& entry) const {
  return std::find(listed_.begin(), listed_.end(), entry) != listed_.end();
}

void skipped_list::sort() {
  std::sort(listed_.begin(), listed_.end(), [](const auto& x, const auto& y) {
    return x.path < y.path;
  });
}

} // namespace fsshare
