// SPDX-License-Identifier: Apache-2.0
#include "core/copy/file_shape.hpp"

#include <algorithm>
#include <numeric>

namespace fsshare {

namespace {

// Closes the holes that are too small to be worth a request.
std::vector<file_part> without_small_holes(const std::vector<file_part>& data) {
  std::vector<file_part> out;
  for (const auto& range : data) {
    if (range.length == 0)
      continue;
    if (!out.empty() && range.offset - out.back().end() < smallest_hole)
      out.back().length = range.end() - out.back().offset;
    else
      out.push_back(range);
  }
  return out;
}

} // namespace

std::uint64_t file_shape::sent_bytes() const {
  if (parts.empty())
    return size;
  return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const file_part& part) {
                           return sum + part.length;
                         });
}

file_shape shape_with_holes(std::uint64_t size,
                            const std::vector<file_part>& data,
                            std::uint64_t most) {
  auto ranges = without_small_holes(data);
  if (ranges.empty() || ranges.front().offset > 0)
    ranges.insert(ranges.begin(), {0, 1});
  if (ranges.back().end() < size)
    ranges.push_back({size - 1, 1});
  file_shape out{size};
  for (const auto& range : ranges)
    for (auto at = range.offset; at < range.end(); at += most)
      out.parts.push_back({at, std::min(most, range.end() - at)});
  return out;
}

} // namespace fsshare
