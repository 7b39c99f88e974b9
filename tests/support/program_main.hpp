// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <iostream>
#include <variant>

namespace fsshare::test {

/// What main() of a program of the tests returns.
/// @param parse Returns options, or the exit code where there is nothing to do.
/// @param run Takes the options, returns the exit code.
template <class Parse, class Run>
int run_program(const char* name, Parse parse, Run run) {
  try {
    const auto parsed = parse();
    if (const auto* code = std::get_if<int>(&parsed))
      return *code;
    return run(std::get<0>(parsed));
  } catch (const std::exception& failed) {
    std::cerr << name << ": " << failed.what() << "\n";
    return 1;
  }
}

} // namespace fsshare::test
