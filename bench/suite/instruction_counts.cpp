// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/instruction_counts.hpp"

#include "tests/support/child_process.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace fsshare::bench {

namespace {

constexpr const char* valgrind = "/usr/bin/valgrind";
constexpr std::string_view program = FSSHARE_INSTRUCTION_WORLD;

/// @returns how many instructions a case of instruction_world.cpp has.
double instructions_of(const std::string& name) {
  constexpr std::chrono::minutes patience{2};
  const auto ended = test::run_process(
    {valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null",
     std::string{program}, "--test-case=" + name},
    patience);
  const std::string before = "Collected : ";
  const auto at = ended.errors.find(before);
  if (ended.exit_code != 0 || at == std::string::npos)
    throw std::runtime_error{"callgrind of " + name + ": " + ended.output
                             + ended.errors};
  return std::strtod(ended.errors.c_str() + at + before.size(), nullptr);
}

} // namespace

std::map<std::string, double> count_instructions() {
  if (program.empty() || !std::filesystem::exists(valgrind))
    return {};
  // What a start and an end cost is on both sides of a difference.
  const auto copies
    = instructions_of("copy 1200") - instructions_of("copy 200");
  const auto fanned_out
    = instructions_of("rotate to 11") - instructions_of("rotate to 1");
  return {{"CopyFile of 1 KiB", copies / 1000},
          {"rotation of one key, for each further destination",
           fanned_out / 20 / 10}};
}

} // namespace fsshare::bench
