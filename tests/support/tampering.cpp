// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tampering.hpp"

#include "core/paths.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

namespace fsshare::test {

namespace {

constexpr std::array<std::pair<const char*, tampering>, 6> words{{
  {"file", tampering::file},
  {"key", tampering::key},
  {"link", tampering::link},
  {"generation", tampering::generation},
  {"watcher", tampering::watcher},
  {"share", tampering::share},
}};

} // namespace

std::vector<std::string> tampering_names() {
  std::vector<std::string> names;
  names.reserve(words.size());
  for (const auto& word : words)
    names.emplace_back(word.first);
  return names;
}

tampering parse_tampering(const std::string& word) {
  for (const auto& [name, what] : words)
    if (name == word)
      return what;
  return tampering::nothing;
}

void tamper_with_copy(tampering what, const std::string& guest_dir,
                      const std::string& nested_key) {
  namespace fs = std::filesystem;
  const auto key = join(guest_dir, join("..data", nested_key));
  switch (what) {
  case tampering::file:
    std::ofstream{key, std::ios::binary | std::ios::app} << '!';
    return;
  case tampering::key:
    fs::copy_file(key, join(guest_dir, base_name(nested_key)));
    return;
  case tampering::link:
    fs::create_symlink("..data/nowhere", join(guest_dir, "nowhere"));
    return;
  case tampering::generation:
    fs::create_directory(join(guest_dir, "..2025_12_31_23_59_59.1"));
    return;
  default: return;
  }
}

} // namespace fsshare::test
