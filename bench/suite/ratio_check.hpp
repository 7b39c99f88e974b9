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
  /// Id of a row -> ratio.
  std::map<std::string, double> ratios;
  /// What is counted -> instructions, of the programs of the test build.
  std::map<std::string, double> instructions;
};

/// @param text `{"margin": 0.5, "ratios": {"ID": 10, …}, "instructions": {…}}`.
///             Throws if it is none.
known_ratios parse_known_ratios(std::string_view text);

/// The outcome of a comparison, with a sentence for people.
struct comparison {
  bool holds = false;
  std::string sentence;
};

/// Compares a ratio, of which more is better.
comparison compare_ratio(const known_ratios& known, const std::string& id,
                         double ratio);

/// Compares a number of instructions, of which less is better.
comparison compare_instructions(const known_ratios& known,
                                const std::string& what, double instructions);

} // namespace fsshare::bench
