// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/root_entries.hpp"

#include "core/ids.hpp"
#include "core/paths.hpp"
#include "core/share/share_layout.hpp"
#include "core/share/share_mark.hpp"
#include "sys/errno_error.hpp"
#include "sys/tree/directory_names.hpp"
#include "sys/tree/open_beneath.hpp"
#include "sys/tree/small_file.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace fsshare {

namespace {

constexpr int listing = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

root_entry unclear(const std::string& name, std::string reason) {
  return {name, entry_owner::unclear, std::move(reason)};
}

} // namespace

root_entry look_at_root_entry(int root, const std::string& path,
                              const std::string& name) {
  root_entry foreign{name, entry_owner::foreign, {}};
  // A mark has the name of its sandbox in it, which is an id.
  if (!is_id(name))
    return foreign;
  const auto mark_path = share_layout{path, name, {}}.mark_path();
  const auto mark_file = open_beneath(
    root, join(name, base_name(mark_path)),
    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mount_crossing::skip);
  if (!mark_file) {
    const auto failed = errno;
    // Not there; no directory; a link, which we make none of.
    if (failed == ENOENT || failed == ENOTDIR || failed == ELOOP)
      return foreign;
    if (failed == EXDEV)
      return unclear(name, "a mount covers it");
    return unclear(name, errno_error(failed, "open", mark_path).message);
  }
  const auto text = read_small_file(mark_file.get(), mark_path);
  if (!text)
    return unclear(name, text.err().message);
  const auto mark = parse_share_mark(*text);
  if (!mark)
    return unclear(name, mark.err().message);
  if (mark->sandbox_id != name)
    return unclear(name,
                   "the mark is that of sandbox '" + mark->sandbox_id + "'");
  return {name, entry_owner::ours, {}};
}

result<std::vector<root_entry>> list_root_entries(int root,
                                                  const std::string& path) {
  // What was opened with O_PATH cannot be listed.
  const unique_fd dir{::openat(root, ".", listing)};
  if (!dir)
    return errno_error(errno, "open", path);
  const auto names = names_in(dir, path);
  if (!names)
    return names.err();
  std::vector<root_entry> entries;
  entries.reserve(names->size());
  for (const auto& name : *names)
    entries.push_back(look_at_root_entry(dir.get(), path, name));
  return entries;
}

result<std::vector<std::string>> list_copy_marks(const std::string& dir) {
  const unique_fd opened{::open(dir.c_str(), listing | O_NOFOLLOW)};
  if (!opened && errno == ENOENT)
    return std::vector<std::string>{};
  if (!opened)
    return errno_error(errno, "open", dir);
  auto names = names_in(opened, dir);
  if (names)
    std::erase_if(*names, [](const std::string& name) {
      return !is_id(name);
    });
  return names;
}

} // namespace fsshare
