// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/data_observer.hpp"
#include "tests/support/rotator.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::test {

using milliseconds = std::chrono::duration<double, std::milli>;

/// A rotation that was made on the host.
struct made_rotation {
  /// What changed, for people.
  std::string what;
  /// Empty if nothing was written.
  std::string generation;
  /// Of the call of the rename of `..data`.
  data_observer::clock::time_point called;
  /// Of its return, from which lags count.
  data_observer::clock::time_point flipped;
};

/// Does what the kubelet does, and takes the time right after the rename.
/// @param dies_before Where the kubelet dies; nothing: it does not.
/// @returns a rotation without a generation if there was no rename.
made_rotation make_rotation(rotator& kubelet, payload files, std::string what,
                            std::optional<rotation_step> dies_before
                            = std::nullopt);

/// Returns whether the name that a guest directory's `..data` gives is that of
/// a generation of the host, with or without the number of an attempt.
bool names_generation(const std::string& in_guest, const std::string& on_host);

/// How a rotation fared in one guest directory.
struct arrival {
  /// Whether it, or a newer one, was seen there.
  bool good = false;
  /// The newer one's generation.
  std::optional<std::string> superseded_by = std::nullopt;
  /// From the rename to the sight of it. A busy machine may let the rename
  /// return after the guest has what it caused; such a lag counts from the call
  /// and is an upper bound.
  std::optional<milliseconds> lag = std::nullopt;
  bool is_bound = false;
};

/// Returns what became of the rotation of that index.
/// @param rotations Of one volume, in their order.
/// @param seen In one guest directory.
arrival arrival_of(const std::vector<made_rotation>& rotations,
                   std::size_t index,
                   const std::vector<data_observer::sighting>& seen);

} // namespace fsshare::test
