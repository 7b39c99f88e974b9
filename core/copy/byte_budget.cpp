// SPDX-License-Identifier: Apache-2.0
#include "core/copy/byte_budget.hpp"

#include <algorithm>

namespace fsshare {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

// An owner may hold this part of what is left.
constexpr std::uint64_t fair_part = 8;

} // namespace

byte_budget::byte_budget(std::uint64_t total)
  : total_(std::max(total, fewest_bytes)), kept_(total_ / 8),
    shared_(total_ - lanes * kept_) {
}

void byte_budget::ask(std::uint64_t id, std::uint64_t owner,
                      std::uint64_t bytes, budget_use use) {
  const auto which = lane_of(bytes, use);
  auto& waiting = lanes_[which].waiting;
  auto at = waiting.end();
  if (which == static_cast<std::size_t>(lane_name::large)
      && use == budget_use::rotation)
    at = std::find_if(waiting.begin(), waiting.end(), [](const auto& other) {
      return other.use != budget_use::rotation;
    });
  // One that holds nothing could not be given back.
  waiting.insert(at, {id, owner, std::max<std::uint64_t>(bytes, 1), use});
}

// Large is what would keep many others of its kind waiting.
std::size_t byte_budget::lane_of(std::uint64_t bytes, budget_use use) const {
  const bool is_rotation = use == budget_use::rotation;
  const auto most = std::max(mebibyte, is_rotation ? total_ / 16 : total_ / 32);
  if (bytes > most)
    return static_cast<std::size_t>(lane_name::large);
  return static_cast<std::size_t>(is_rotation ? lane_name::rotations
                                              : lane_name::first_copies);
}

bool byte_budget::is_fair(const request& wanted) const {
  const auto held = held_by_.find(wanted.owner);
  if (wanted.owner == 0 || held == held_by_.end())
    return true;
  const auto left = total_ - std::min(total_, used_);
  return held->second + wanted.bytes <= left / fair_part;
}

bool byte_budget::fits(const lane& in, std::uint64_t bytes) const {
  if (in.used == 0 && beyond_kept(bytes) > shared_)
    return true;
  std::uint64_t beyond = 0;
  for (const auto& each : lanes_)
    beyond += beyond_kept(&each == &in ? each.used + bytes : each.used);
  return beyond <= shared_;
}

std::optional<std::size_t> byte_budget::first_fair(const lane& in) const {
  for (std::size_t i = 0; i < in.waiting.size(); ++i)
    if (is_fair(in.waiting[i]))
      return i;
  return std::nullopt;
}

std::uint64_t byte_budget::begin(std::size_t lane_index, std::size_t position) {
  auto& from = lanes_[lane_index];
  const auto begun = from.waiting[position];
  from.waiting.erase(from.waiting.begin()
                     + static_cast<std::ptrdiff_t>(position));
  from.used += begun.bytes;
  used_ += begun.bytes;
  leases_.emplace(begun.id, lease{begun.owner, begun.bytes, lane_index});
  held_by_[begun.owner] += begun.bytes;
  return begun.id;
}

// What is kept for a lane goes to its first request at once; what is shared
// goes to the oldest request of all that needs it.
std::optional<std::uint64_t> byte_budget::grant_one() {
  struct candidate {
    std::uint64_t id = 0;
    std::size_t lane = 0;
    std::size_t position = 0;
  };
  std::optional<candidate> oldest;
  for (std::size_t i = 0; i < lanes; ++i) {
    const auto& in = lanes_[i];
    const auto position = first_fair(in);
    if (!position)
      continue;
    const auto& wanted = in.waiting[*position];
    if (in.used + wanted.bytes <= kept_)
      return begin(i, *position);
    if (!oldest || wanted.id < oldest->id)
      oldest = candidate{wanted.id, i, *position};
  }
  if (!oldest)
    return std::nullopt;
  const auto& in = lanes_[oldest->lane];
  if (!fits(in, in.waiting[oldest->position].bytes))
    return std::nullopt;
  return begin(oldest->lane, oldest->position);
}

std::vector<std::uint64_t> byte_budget::grant() {
  std::vector<std::uint64_t> granted;
  while (const auto next = grant_one())
    granted.push_back(*next);
  return granted;
}

void byte_budget::shrink(std::uint64_t id, std::uint64_t bytes) {
  const auto i = leases_.find(id);
  if (i == leases_.end()) {
    if (bytes == 0)
      for (auto& each : lanes_)
        std::erase_if(each.waiting, [id](const auto& waiting) {
          return waiting.id == id;
        });
    return;
  }
  auto& held = i->second;
  if (bytes >= held.bytes)
    return;
  const auto returned = held.bytes - bytes;
  held.bytes = bytes;
  lanes_[held.lane].used -= returned;
  used_ -= returned;
  const auto owner = held_by_.find(held.owner);
  owner->second -= returned;
  if (bytes != 0)
    return;
  if (owner->second == 0)
    held_by_.erase(owner);
  leases_.erase(i);
}

std::size_t byte_budget::waiting() const {
  std::size_t sum = 0;
  for (const auto& each : lanes_)
    sum += each.waiting.size();
  return sum;
}

} // namespace fsshare
