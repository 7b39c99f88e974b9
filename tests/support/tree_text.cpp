// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tree_text.hpp"

#include "core/paths.hpp"
#include "tests/support/copied_volume.hpp"
#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace fsshare::test {

namespace {

namespace fs = std::filesystem;

/// FNV-1a: enough to see that two contents differ.
std::string hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  char out[17] = {};
  std::snprintf(out, sizeof out, "%016llx",
                static_cast<unsigned long long>(hash));
  return out;
}

std::string octal(unsigned mode) {
  char out[8] = {};
  std::snprintf(out, sizeof out, "%04o", mode & 07777U);
  return out;
}

std::string describe_entry(const std::string& file, const std::string& name,
                           const tree_text_options& options) {
  struct stat st = {};
  if (::lstat(file.c_str(), &st) != 0)
    throw std::system_error(errno, std::generic_category(), "lstat " + file);
  const bool is_link = S_ISLNK(st.st_mode);
  const bool is_file = S_ISREG(st.st_mode);
  std::string line = "other";
  if (is_link)
    line = "link";
  else if (is_file)
    line = "file";
  else if (S_ISDIR(st.st_mode))
    line = "dir ";
  if (options.modes && !is_link)
    line += ' ' + octal(st.st_mode);
  if (options.owners && (options.link_owners || !is_link))
    line += ' ' + std::to_string(st.st_uid) + ':' + std::to_string(st.st_gid);
  line += ' ' + name;
  if (is_link)
    line += " -> " + fs::read_symlink(file).string();
  if (is_file)
    line += ' ' + std::to_string(st.st_size) + " bytes "
            + hash_of(read_file(file));
  return line + '\n';
}

void describe_below(const std::string& dir, const std::string& prefix,
                    const tree_text_options& options, std::string& out) {
  for (const auto& name : entries_of(dir)) {
    const auto path = prefix + name;
    if (options.leave_out && options.leave_out(path))
      continue;
    const auto file = join(dir, name);
    out += describe_entry(file, path, options);
    if (fs::is_directory(fs::symlink_status(file)))
      describe_below(file, path + '/', options, out);
  }
}

} // namespace

std::string describe_tree(const std::string& dir,
                          const tree_text_options& options) {
  std::string out;
  if (options.root)
    out += describe_entry(dir, ".", options);
  describe_below(dir, "", options, out);
  return out;
}

} // namespace fsshare::test
