// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process_memory.hpp"

#include "sys/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace fsshare::test {

namespace {

constexpr std::size_t piece_size = 8;
constexpr std::size_t read_size = std::size_t{1} << 20;

/// Larger ones are the shadows of sanitizers, which hold no data of a program.
constexpr std::uint64_t largest_mapping = std::uint64_t{1} << 36;

struct mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string name;
};

std::vector<mapping> readable_mappings(int pid) {
  std::vector<mapping> out;
  std::ifstream maps{"/proc/" + std::to_string(pid) + "/maps"};
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields{line};
    mapping at;
    char dash = 0;
    std::string access;
    std::string offset;
    std::string device;
    std::string inode;
    fields >> std::hex >> at.begin >> dash >> at.end >> access >> offset
      >> device >> inode >> at.name;
    if (access.starts_with('r') && at.end - at.begin <= largest_mapping)
      out.push_back(at);
  }
  return out;
}

bool has_piece(const std::vector<char>& data, std::size_t size,
               std::string_view text) {
  for (std::size_t i = 0; i + piece_size <= text.size(); ++i)
    if (::memmem(data.data(), size, text.data() + i, piece_size) != nullptr)
      return true;
  return false;
}

/// Looks through one mapping; parts overlap by less than a piece.
bool is_in(int memory, const mapping& where, std::string_view text) {
  std::vector<char> data(read_size + piece_size);
  for (auto at = where.begin; at < where.end; at += read_size) {
    const auto wanted = std::min<std::uint64_t>(data.size(), where.end - at);
    const auto got
      = ::pread(memory, data.data(), wanted, static_cast<off_t>(at));
    // Unmapped meanwhile, or memory of a device.
    if (got <= 0)
      return false;
    if (has_piece(data, static_cast<std::size_t>(got), text))
      return true;
  }
  return false;
}

} // namespace

std::string find_in_memory(int pid, std::string_view text) {
  const auto path = "/proc/" + std::to_string(pid) + "/mem";
  const unique_fd memory{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  const auto mappings = readable_mappings(pid);
  if (!memory || mappings.empty())
    throw std::system_error(errno, std::generic_category(), "read " + path);
  for (const auto& each : mappings)
    if (is_in(memory.get(), each, text))
      return each.name.empty() ? "anonymous memory" : each.name;
  return {};
}

} // namespace fsshare::test
