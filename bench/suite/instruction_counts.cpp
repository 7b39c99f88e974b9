// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/instruction_counts.hpp"

#include "bench/suite/copying_side.hpp"
#include "bench/suite/rotating_volumes.hpp"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>

namespace fsshare::bench {

namespace {

constexpr const char* valgrind = "/usr/bin/valgrind";

/// Runs fsshared under callgrind, from its start to its end.
/// @returns how many instructions it has carried out.
double instructions_of(const std::function<void(fsshare_side&)>& work) {
  fsshare_side side{{},
                    copy_sharing::per_container,
                    // It starts itself anew.
                    {valgrind, "--trace-children=yes", "--tool=callgrind",
                     "--callgrind-out-file=/dev/null"}};
  work(side);
  side.program().terminate();
  const auto said = side.program().errors();
  const std::string before = "Collected : ";
  const auto at = said.find(before);
  if (at == std::string::npos)
    throw std::runtime_error{"callgrind has counted nothing: " + said};
  return std::strtod(said.c_str() + at + before.size(), nullptr);
}

double copying(int files) {
  const test::temp_dir dir;
  for (int n = 0; n < files; ++n)
    dir.write("tree/" + std::to_string(n), std::string(1 << 10, 'x'));
  return instructions_of([&](fsshare_side& side) {
    side.share(dir / "tree", 1);
  });
}

constexpr int rotations = 20;

double rotating(int destinations) {
  return instructions_of([&](fsshare_side& side) {
    rotating_volumes volumes{side.sharer(), {1, destinations, 1}};
    for (int n = 0; n < rotations; ++n)
      volumes.rotate();
  });
}

} // namespace

std::map<std::string, double> count_instructions() {
  if (!std::filesystem::exists(valgrind))
    return {};
  // What a start and an end cost is on both sides of a difference.
  constexpr int few_files = 200;
  constexpr int many_files = 1200;
  constexpr int few = 1;
  constexpr int many = 11;
  const auto copies = copying(many_files) - copying(few_files);
  const auto fanned_out = rotating(many) - rotating(few);
  return {{"CopyFile of 1 KiB", copies / (many_files - few_files)},
          {"rotation of one key, for each further destination",
           fanned_out / rotations / (many - few)}};
}

} // namespace fsshare::bench
