// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/tampering.hpp"

#include <chrono>
#include <cstdint>
#include <variant>

namespace fsshare::churn {

/// How a churn is to run. The same options make the same sequence of actions;
/// how these fall upon each other is the machine's.
struct churn_options {
  /// How long volumes are rotated; check points come on top.
  std::chrono::seconds duration{600};
  std::uint64_t volumes = 100;
  /// Rotations per second, over all volumes.
  double rate = 5;
  /// Time of rotations between two check points.
  std::chrono::seconds check_every{60};
  /// How often fsshared is killed, on an average; 0 is never. Only in the first
  /// two thirds of the rotations: the rest shows whether one that has gone on
  /// with another's work grows.
  std::chrono::seconds kill_every{4};
  /// How long a check point waits for all copies to be current.
  std::chrono::seconds patience{90};
  /// Of the actions.
  std::uint64_t seed = 1;
  /// By how much fsshared may grow between the first check point and the last.
  std::uint64_t growth_mib = 16;
  /// What to spoil, to see that the churn notices.
  test::tampering tamper = test::tampering::nothing;
};

/// Reads the command line.
/// @returns the options; or the exit code, with help or complaint printed.
std::variant<churn_options, int> parse_options(int argc, char** argv);

} // namespace fsshare::churn
