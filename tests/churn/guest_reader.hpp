// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fsshare::churn {

/// What a reader in a guest has found.
struct reading_counts {
  /// All passes, those that found nothing too.
  std::uint64_t passes = 0;
  /// Passes that found no `..data`: guest agents remove it before they make it
  /// anew.
  std::uint64_t without_data = 0;
  /// Passes that took longer than an old generation stays, and so may miss
  /// what they had opened.
  std::uint64_t too_slow = 0;
  /// Passes that looked each file up by its path and met two generations.
  std::uint64_t across_two = 0;
  /// Number of the generation that was read last.
  std::uint64_t last = 0;
  /// What no reader may ever find; the first of it, empty if there was none.
  std::string wrong;
};

/// Reads a guest's copy of a volume of stamped_payload() as a process in the
/// guest would.
///
/// A pass through one directory opens `..data` once and reads everything below
/// what it has opened. All of it must be of one generation, and none of that
/// may be missing: the node agent never writes to a live generation, and
/// removes one only a grace time after the flip.
///
/// A pass by paths looks each key up on its own, through the visible links. A
/// flip between two look-ups gives it two generations, as with any volume of
/// the kubelet's on any node. So each file on its own must be whole, and none
/// older than the one read before.
class guest_reader {
public:
  using duration = std::chrono::nanoseconds;

  /// @param grace How long an old generation stays.
  /// @param goes_back Whether failed flips may bring the previous generation
  ///                  back.
  guest_reader(std::string dir, duration grace, bool goes_back = false)
    : dir_(std::move(dir)), grace_(grace), goes_back_(goes_back) {
  }

  void pass_through_directory();
  void pass_by_paths();

  const reading_counts& counts() const {
    return counts_;
  }

private:
  void complain(const std::string& what);
  void note(std::uint64_t number);

  std::string dir_;
  duration grace_;
  bool goes_back_;
  reading_counts counts_;
};

} // namespace fsshare::churn
