// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace fsshare {

/// What is on its way to guests of one volume at a time takes about as much:
/// the default of `copy.window_bytes`, since the copies of a pod's volume go to
/// one guest.
constexpr std::uint64_t most_volume_in_flight = std::uint64_t{8} << 20;

/// Returns what a volume of so many bytes takes in memory while it is pushed to
/// `copies` guest copies: what is sent is copied once more.
constexpr std::uint64_t memory_with_copies(std::uint64_t volume,
                                           std::size_t copies) {
  if (copies == 0)
    return volume;
  return volume
         + (volume > most_volume_in_flight / copies ? most_volume_in_flight
                                                    : volume * copies);
}

/// Returns the largest volume for which memory_with_copies() is `memory` at
/// most.
constexpr std::uint64_t room_for_volume(std::uint64_t memory,
                                        std::size_t copies) {
  const auto in_flight
    = std::min(most_volume_in_flight, memory - memory / (copies + 1));
  return memory - in_flight;
}

} // namespace fsshare
