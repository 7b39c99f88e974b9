// SPDX-License-Identifier: Apache-2.0
#include "core/copy/read_ahead.hpp"

#include <utility>

namespace fsshare {

// The next one is not there if it is the first one, or is tried again.
bool read_ahead::is_enough(std::uint32_t next) const {
  return there_.contains(next)
         && (there_.size() > most_files / 2 || bytes_ > most_bytes / 2);
}

read_ahead::batch read_ahead::wants(const guest_job& job) const {
  batch wanted;
  if (!reading_.steps.empty())
    return wanted;
  if (const auto next = job.next_small_files(1);
      !next.empty() && is_enough(next.front()))
    return wanted;
  for (const auto step : job.next_small_files(most_files + there_.size())) {
    if (there_.contains(step))
      continue;
    const auto& file = job.planned(step);
    if (wanted.steps.size() == most_files
        || (!wanted.steps.empty() && wanted.bytes + file.size > most_bytes))
      break;
    wanted.steps.push_back(step);
    wanted.files.push_back({file.source, file.size});
    wanted.bytes += file.size;
  }
  return wanted;
}

std::uint64_t read_ahead::begun(const batch& files, byte_lease_ptr memory) {
  reading_ = files;
  memory_ = std::move(memory);
  return ++turn_;
}

bool read_ahead::ended(std::uint64_t turn, result<found_files> found) {
  if (turn != turn_)
    return false;
  const auto done = std::exchange(reading_, {});
  const auto memory = std::exchange(memory_, nullptr);
  for (std::size_t i = 0; i < done.steps.size(); ++i) {
    auto what = found ? std::move((*found)[i]) : found.err();
    there_.insert_or_assign(
      done.steps[i], file_there{{std::move(what), memory}, done.files[i].size});
  }
  bytes_ += done.bytes;
  return true;
}

std::optional<read_ahead::file_found> read_ahead::take(std::uint32_t step) {
  auto there = there_.extract(step);
  if (there.empty())
    return std::nullopt;
  bytes_ -= there.mapped().bytes;
  return std::move(there.mapped().found);
}

void read_ahead::clear() {
  there_.clear();
  bytes_ = 0;
  reading_ = {};
  memory_.reset();
  ++turn_;
}

} // namespace fsshare
