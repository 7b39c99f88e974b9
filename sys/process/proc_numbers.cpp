// SPDX-License-Identifier: Apache-2.0
#include "sys/process/proc_numbers.hpp"

#include <charconv>
#include <dirent.h>
#include <memory>
#include <string_view>

namespace fsshare {

namespace {

struct close_directory {
  void operator()(DIR* dir) const noexcept {
    ::closedir(dir);
  }
};

} // namespace

std::vector<int> numbers_in(const std::string& path) {
  std::vector<int> numbers;
  const std::unique_ptr<DIR, close_directory> dir{::opendir(path.c_str())};
  // Each stream has one reader. NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const auto* entry = dir ? ::readdir(dir.get()) : nullptr) {
    const std::string_view name{entry->d_name};
    int number = 0;
    const auto parsed
      = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size())
      numbers.push_back(number);
  }
  return numbers;
}

} // namespace fsshare
