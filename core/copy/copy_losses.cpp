// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_losses.hpp"

#include <algorithm>

namespace fsshare {

namespace {

void add(std::string& list, const char* what, std::uint64_t count) {
  if (count == 0)
    return;
  list += list.empty() ? "not copied: " : ", ";
  list += what + std::to_string(count);
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return count == 1 ? std::string{"1 "} + one
                    : std::to_string(count) + " " + many;
}

} // namespace

copy_losses& copy_losses::operator+=(const copy_losses& other) {
  times += other.times;
  attributes += other.attributes;
  access_lists += other.access_lists;
  capabilities += other.capabilities;
  hard_links += other.hard_links;
  outward_links += other.outward_links;
  return *this;
}

void count_attribute(copy_losses& of_entry, std::string_view name) {
  if (name == "security.selinux")
    return;
  if (name == "security.capability")
    of_entry.capabilities = 1;
  else if (name.starts_with("system.posix_acl_")
           || name.starts_with("system.nfs4_acl"))
    of_entry.access_lists = 1;
  else
    of_entry.attributes = 1;
}

bool leads_out(std::string_view path, std::string_view target) {
  if (target.starts_with('/'))
    return true;
  // Directories between the tree's root and the link.
  auto depth = std::count(path.begin(), path.end(), '/');
  while (!target.empty()) {
    const auto end = std::min(target.find('/'), target.size());
    const auto name = target.substr(0, end);
    if (name == ".." && --depth < 0)
      return true;
    if (!name.empty() && name != "." && name != "..")
      ++depth;
    target.remove_prefix(std::min(end + 1, target.size()));
  }
  return false;
}

std::vector<std::string> notes_of(const copy_losses& losses) {
  std::vector<std::string> notes;
  std::string lost;
  add(lost, "times of entries: ", losses.times);
  add(lost, "extended attributes: ", losses.attributes);
  add(lost, "access control lists: ", losses.access_lists);
  add(lost, "file capabilities: ", losses.capabilities);
  if (!lost.empty())
    notes.push_back(std::move(lost));
  if (losses.hard_links > 0)
    notes.push_back(counted(losses.hard_links, "name of a file with hard links",
                            "names of files with hard links")
                    + ": each is a file of its own in the guest");
  if (losses.outward_links > 0)
    notes.push_back(
      counted(losses.outward_links, "link leads", "links lead")
      + " out of the copy, to whatever the guest has there, or to nothing");
  return notes;
}

} // namespace fsshare
