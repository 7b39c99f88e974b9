// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/guest_reader.hpp"

#include "core/paths.hpp"
#include "sys/unique_fd.hpp"
#include "tests/churn/stamped_payload.hpp"
#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

namespace fsshare::churn {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

/// Returns nothing if there is no such file.
std::optional<std::string> content_of(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

/// Reads all files below an opened directory.
/// @returns the number of their generation, or what is wrong with them.
std::string what_is_wrong(int opened, std::uint64_t& number) {
  // Leads to the very directory that was opened, whatever its path names now:
  // proc(5).
  const auto root = "/proc/self/fd/" + std::to_string(opened) + "/";
  std::uint64_t files = 0;
  std::set<std::uint64_t> numbers;
  std::uint64_t wanted = 0;
  for (const auto& entry : fs::recursive_directory_iterator{root}) {
    if (!entry.is_regular_file())
      continue;
    const auto path = entry.path().string().substr(root.size());
    const auto content = content_of(entry.path().string());
    if (!content)
      return path + " is gone";
    const auto told = read_stamp(path, *content);
    if (!told)
      return path + " is not whole";
    numbers.insert(told->number);
    wanted = told->files;
    ++files;
  }
  if (numbers.size() > 1)
    return "generations " + std::to_string(*numbers.begin()) + " and "
           + std::to_string(*numbers.rbegin()) + " are mixed";
  if (numbers.empty() || files != wanted)
    return std::to_string(files) + " files instead of "
           + std::to_string(wanted);
  number = *numbers.begin();
  return {};
}

} // namespace

void guest_reader::pass_through_directory() {
  ++counts_.passes;
  const auto begin = clock::now();
  const unique_fd data{
    ::open(join(dir_, "..data").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!data) {
    if (errno == ENOENT)
      ++counts_.without_data;
    else
      complain("..data cannot be opened");
    return;
  }
  std::string wrong;
  std::uint64_t number = 0;
  try {
    wrong = what_is_wrong(data.get(), number);
  } catch (const fs::filesystem_error& gone) {
    wrong = gone.what();
  }
  if (wrong.empty())
    note(number);
  else if (clock::now() - begin >= grace_)
    ++counts_.too_slow;
  else
    complain(wrong);
}

void guest_reader::pass_by_paths() {
  ++counts_.passes;
  std::set<std::uint64_t> numbers;
  for (const auto& key : steady_keys()) {
    const auto content = content_of(join(dir_, key));
    if (!content) {
      // The visible link stays: what it leads through may be missing.
      std::error_code unread;
      const auto link = fs::read_symlink(
        join(dir_, std::string{first_component(key)}), unread);
      if (unread)
        complain("the link to " + key + " is gone");
      ++counts_.without_data;
      return;
    }
    const auto told = read_stamp(key, *content);
    if (!told) {
      complain(key + " is not whole");
      return;
    }
    numbers.insert(told->number);
    note(told->number);
  }
  counts_.across_two += numbers.size() > 1 ? 1U : 0U;
}

void guest_reader::note(std::uint64_t number) {
  if (number < counts_.last && !goes_back_)
    complain("generation " + std::to_string(number) + " came after "
             + std::to_string(counts_.last));
  counts_.last = number;
}

void guest_reader::complain(const std::string& what) {
  if (counts_.wrong.empty())
    counts_.wrong = "pass " + std::to_string(counts_.passes) + ": " + what;
}

} // namespace fsshare::churn
