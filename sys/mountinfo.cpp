// SPDX-License-Identifier: Apache-2.0
#include "sys/mountinfo.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace fsshare {

namespace {

std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto word = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return word;
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// The kernel writes space, tab, newline and backslash as \ and three digits.
std::string unescape(std::string_view word) {
  if (word.find('\\') == std::string_view::npos)
    return std::string{word};
  std::string out;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '\\' && i + 3 < word.size() && is_octal(word[i + 1])
        && is_octal(word[i + 2]) && is_octal(word[i + 3])) {
      out += static_cast<char>((word[i + 1] - '0') * 64
                               + (word[i + 2] - '0') * 8 + (word[i + 3] - '0'));
      i += 3;
    } else {
      out += word[i];
    }
  }
  return out;
}

bool parse_number(std::string_view word, std::uint64_t& value) {
  const auto* end = word.data() + word.size();
  const auto [at, failed] = std::from_chars(word.data(), end, value);
  return failed == std::errc{} && at == end;
}

// Zero or more `TAG[:VALUE]`, ended by a hyphen.
bool parse_tags(std::string_view& line, mounted_entry& entry) {
  while (!line.empty()) {
    const auto tag = take_until(line, ' ');
    if (tag == "-")
      return true;
    if (tag.starts_with("shared:")
        && !parse_number(tag.substr(7), entry.peer_group))
      return false;
    if (tag.starts_with("master:")
        && !parse_number(tag.substr(7), entry.master))
      return false;
  }
  return false;
}

// What a line says up to the mount point.
bool parse_place(std::string_view& line, mounted_entry& entry) {
  if (!parse_number(take_until(line, ' '), entry.id)
      || !parse_number(take_until(line, ' '), entry.parent))
    return false;
  entry.device = take_until(line, ' ');
  entry.root = unescape(take_until(line, ' '));
  entry.mount_point = unescape(take_until(line, ' '));
  return !entry.mount_point.empty();
}

std::optional<mounted_entry> parse_line(std::string_view line) {
  mounted_entry entry;
  if (!parse_place(line, entry))
    return std::nullopt;
  entry.options = take_until(line, ' ');
  if (entry.options.empty() || !parse_tags(line, entry))
    return std::nullopt;
  entry.fs_type = take_until(line, ' ');
  entry.source = unescape(take_until(line, ' '));
  return entry;
}

// Nothing of a mount that is not wanted is parsed but its id.
std::optional<mounted_entry> parse_wanted(std::string_view line,
                                          const std::set<std::uint64_t>& ids) {
  std::uint64_t id = 0;
  auto rest = line;
  if (!parse_number(take_until(rest, ' '), id) || !ids.contains(id))
    return std::nullopt;
  return parse_line(line);
}

template <class Function>
status read_pieces(const std::string& path, Function take) {
  const unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd)
    return errno_error(errno, "open", path);
  std::array<char, 16384> chunk{};
  for (;;) {
    const auto got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno_error(errno, "read", path);
    if (got == 0)
      return unit{};
    take(std::string_view{chunk.data(), static_cast<std::size_t>(got)});
  }
}

// The same, line by line.
template <class Function>
status read_lines(const std::string& path, Function take) {
  // What is left of the last piece.
  std::string begun;
  return read_pieces(path, [&](std::string_view piece) {
    begun.append(piece);
    std::string_view text{begun};
    for (auto end = text.find('\n'); end != std::string_view::npos;
         end = text.find('\n')) {
      take(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    begun.erase(0, begun.size() - text.size());
  });
}

// Whether another mount is in the way of one. What is mounted on the root of
// its parent, `exempt`, does not cover that.
bool is_hidden(const mounted_entry& entry, std::uint64_t exempt,
               const std::vector<mounted_entry>& table) {
  return std::any_of(table.begin(), table.end(), [&](const auto& other) {
    if (other.id == entry.id || other.id == exempt)
      return false;
    // What was mounted further up before it would be its parent.
    if (other.parent == entry.parent)
      return is_below(entry.mount_point, other.mount_point);
    return other.parent == entry.id && other.mount_point == entry.mount_point;
  });
}

} // namespace

bool mounted_entry::has_option(std::string_view word) const {
  std::string_view rest{options};
  while (!rest.empty())
    if (take_until(rest, ',') == word)
      return true;
  return false;
}

result<std::vector<mounted_entry>> parse_mountinfo(std::string_view text) {
  std::vector<mounted_entry> entries;
  entries.reserve(
    static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  while (!text.empty()) {
    const auto line = take_until(text, '\n');
    auto entry = parse_line(line);
    if (!entry)
      return error{errc::data_loss, "line " + std::to_string(entries.size() + 1)
                                      + " is no mount: " + std::string{line}};
    entries.push_back(*std::move(entry));
  }
  return entries;
}

bool is_covered(const mounted_entry& entry,
                const std::vector<mounted_entry>& table) {
  const auto* at = &entry;
  auto exempt = entry.id;
  // A table whose parents go in a circle, which the kernel never makes, ends.
  for (std::size_t steps = 0; steps <= table.size(); ++steps) {
    if (is_hidden(*at, exempt, table))
      return true;
    exempt = at->id;
    const auto up
      = std::find_if(table.begin(), table.end(), [at](const auto& other) {
          return other.id == at->parent && other.id != at->id;
        });
    if (up == table.end())
      return false;
    at = &*up;
  }
  return false;
}

result<unique_fd> open_mount_table() {
  constexpr const char* path = "/proc/self/mountinfo";
  unique_fd table{::open(path, O_RDONLY | O_CLOEXEC)};
  if (!table)
    return errno_error(errno, "open", path);
  return table;
}

result<std::vector<mounted_entry>> read_mountinfo() {
  return read_mountinfo(own_mount_table);
}

result<std::vector<mounted_entry>> read_mountinfo(const std::string& path) {
  std::string text;
  const auto read = read_pieces(path, [&text](std::string_view piece) {
    text.append(piece);
  });
  if (!read)
    return read.err();
  auto entries = parse_mountinfo(text);
  if (!entries)
    return entries.err().within(path);
  return entries;
}

result<std::vector<mounted_entry>>
read_mounts(const std::set<std::uint64_t>& ids, const std::string& path) {
  std::vector<mounted_entry> found;
  const auto read = read_lines(path, [&](std::string_view line) {
    if (auto entry = parse_wanted(line, ids))
      found.push_back(*std::move(entry));
  });
  if (!read)
    return read.err();
  return found;
}

status scan_mounts(const std::string& path,
                   const std::function<void(const mounted_entry&)>& take) {
  return read_lines(path, [&take](std::string_view line) {
    mounted_entry entry;
    if (parse_place(line, entry))
      take(entry);
  });
}

} // namespace fsshare
