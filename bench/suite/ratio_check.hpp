// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace fsshare::bench {

/// By how much fsshare was faster than its peers when that was last written
/// down.
struct known_ratios {
  /// Which part of a ratio may be lost: 0.5 is half of it.
  double margin = 0;
  /// Id of a row -> ratio of the times.
  std::map<std::string, double> times;
  /// Id of a row -> ratio of the CPU times.
  std::map<std::string, double> cpus;
  /// Which part of that ratio may be lost.
  double instructions_margin = 0;
  /// What is counted -> instructions, of the programs of the test build.
  std::map<std::string, double> instructions;
};

/// @param text `{"margin": 0.5, "times": {"ID": 10, …}, "cpus": {…},
///             "instructions_margin": 0.2, "instructions": {…}}`. Throws if it
///             is none.
known_ratios parse_known_ratios(std::string_view text);

/// The outcome of a comparison, with a sentence for people.
struct comparison {
  bool holds = false;
  std::string sentence;
};

/// Compares a ratio, of which more is better.
/// @param what For people.
comparison compare_ratio(const std::string& what, double ratio, double recorded,
                         double margin);

/// Compares a number of instructions, of which less is better.
comparison compare_instructions(const std::string& what, double instructions,
                                double recorded, double margin);

} // namespace fsshare::bench
