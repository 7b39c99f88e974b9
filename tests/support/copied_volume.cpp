// SPDX-License-Identifier: Apache-2.0
#include "tests/support/copied_volume.hpp"

#include "core/paths.hpp"
#include "tests/support/tree_text.hpp"

#include <filesystem>
#include <sstream>

namespace fsshare::test {

namespace {

namespace fs = std::filesystem;

/// What a kubelet that died has left in a volume.
name_set debris_of(const std::string& volume_dir) {
  name_set out;
  const auto live = live_generation(volume_dir);
  for (const auto& entry : fs::directory_iterator{volume_dir}) {
    const auto name = entry.path().filename().string();
    const bool is_ours = name == "..data" || name == live;
    const bool is_dead_link = entry.is_symlink() && !fs::exists(entry.path());
    if (!is_ours && (name.starts_with("..") || is_dead_link))
      out.insert(name);
  }
  return out;
}

/// Replaces the generation's name where a line of a tree has it: before the
/// path of an entry of it, or where `..data` leads.
std::string with_generation(std::string text, const std::string& from,
                            const std::string& to) {
  if (from.empty())
    return text;
  for (auto at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Lines of `a` that `b` does not have, each after `mark`.
std::string only_in(const std::string& a, const std::string& b, char mark) {
  name_set known;
  std::istringstream of_b{b};
  for (std::string line; std::getline(of_b, line);)
    known.insert(line);
  std::string out;
  std::istringstream of_a{a};
  for (std::string line; std::getline(of_a, line);)
    if (!known.contains(line))
      out += std::string{mark} + ' ' + line + '\n';
  return out;
}

std::string tree_without(const std::string& dir, const name_set& left_out) {
  tree_text_options options;
  options.link_owners = false;
  options.leave_out = [&](const std::string& path) {
    return left_out.contains(path);
  };
  return describe_tree(dir, options);
}

} // namespace

name_set entries_of(const std::string& dir) {
  name_set out;
  for (const auto& entry : fs::directory_iterator{dir})
    out.insert(entry.path().filename().string());
  return out;
}

std::string lines_of(const name_set& names) {
  std::string out;
  for (const auto& each : names)
    out += each + "\n";
  return out;
}

std::string live_generation(const std::string& dir) {
  std::error_code none;
  return fs::read_symlink(join(dir, "..data"), none).string();
}

name_set leftovers(const std::string& volume_dir,
                   const std::string& guest_dir) {
  auto left = entries_of(guest_dir);
  auto wanted = entries_of(volume_dir);
  for (const auto& name : debris_of(volume_dir))
    wanted.erase(name);
  // In the guest it may be what an attempt has left.
  wanted.erase(live_generation(volume_dir));
  for (const auto& name : wanted)
    left.erase(name);
  left.erase(live_generation(guest_dir));
  return left;
}

std::string copy_difference(const std::string& volume_dir,
                            const std::string& guest_dir,
                            const name_set& left) {
  const auto wanted = tree_without(volume_dir, debris_of(volume_dir));
  const auto got
    = with_generation(tree_without(guest_dir, left), live_generation(guest_dir),
                      live_generation(volume_dir));
  return only_in(wanted, got, '-') + only_in(got, wanted, '+');
}

} // namespace fsshare::test
