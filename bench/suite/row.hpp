// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/sample.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fsshare::bench {

/// One way to do the work of a row: fsshare's own, a peer's, or a bare one.
struct side {
  std::string name;
  std::function<sample()> run;
};

/// What a row is to reach.
struct aim {
  /// By how much fsshare is to be faster than the second side; 0: not aimed at.
  double least_ratio = 0;
  /// How long it may take, in seconds; 0: not aimed at.
  double most_seconds = 0;
};

/// Which runs of the suite a row is part of: a longer one has all of a shorter
/// one.
enum class extent : std::uint8_t { usual, full };

/// Some work that is done in several ways side by side.
struct row {
  /// Letters, digits and dashes.
  std::string id;
  /// The work, for people.
  std::string work;
  aim wanted;
  extent since = extent::usual;
  /// How often each side does it.
  int repeats = 5;
  /// Makes what it needs, and the sides: fsshare's own is the first. What they
  /// need ends with them.
  std::function<std::vector<side>()> make;
};

struct side_result {
  std::string name;
  sample middle;
};

struct row_result {
  std::string id;
  std::string work;
  aim wanted;
  std::vector<side_result> sides;

  /// By how much fsshare is faster than the second side; 0 if it is alone.
  double ratio() const;
  /// The same of CPU times.
  double cpu_ratio() const;
  /// Whether it reaches what it is to reach.
  bool is_met() const;
};

/// Does the work of a row: the sides by turns, each as often as the others.
/// @param most_sides How many of them, from the first on.
row_result measure(const row& what, std::size_t most_sides = SIZE_MAX);

} // namespace fsshare::bench
