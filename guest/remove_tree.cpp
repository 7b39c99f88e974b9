// SPDX-License-Identifier: Apache-2.0
#include "guest/remove_tree.hpp"

#include "sys/standin/dir_entry.hpp"

namespace fsshare::guest {

namespace {

std::errc success_if_missing(std::errc outcome) {
  return outcome == std::errc::no_such_file_or_directory ? std::errc{}
                                                         : outcome;
}

std::errc remove_entries(const unique_fd& dir) {
  const auto names = dir_entry::names(dir);
  if (!names)
    return names.err();
  for (const auto& name : *names)
    if (auto failed = remove_tree(dir, name); failed != std::errc{})
      return failed;
  return {};
}

} // namespace

std::errc remove_tree(const unique_fd& dir, const std::string& name) {
  const auto removed = dir_entry::remove_file(dir, name);
  if (removed != std::errc::is_a_directory)
    return success_if_missing(removed);
  const auto child = dir_entry::open_directory(dir, name);
  if (!child)
    return success_if_missing(child.err());
  if (auto failed = remove_entries(*child); failed != std::errc{})
    return failed;
  return success_if_missing(dir_entry::remove_directory(dir, name));
}

} // namespace fsshare::guest
