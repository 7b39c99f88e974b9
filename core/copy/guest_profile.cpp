// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_profile.hpp"

#include <charconv>

namespace fsshare {

namespace {

struct release_text {
  agent_release release;
  /// What follows.
  std::string_view rest;
};

std::optional<release_text> read_release(std::string_view text) {
  release_text out;
  const auto* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, out.release.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.')
    return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, out.release.minor);
  if (minor.ec != std::errc{})
    return std::nullopt;
  out.rest = text.substr(static_cast<std::size_t>(minor.ptr - text.data()));
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

guest_profile newest() {
  guest_profile out;
  out.name = "4.0";
  return out;
}

guest_profile never_seen() {
  auto out = newest();
  out.surely_makes_parents = false;
  return out;
}

guest_profile from_4_2() {
  auto out = never_seen();
  out.name = "4.2";
  out.parent_chown = false;
  out.implicit_parents = false;
  return out;
}

guest_profile from_3_18() {
  auto out = newest();
  out.name = "3.18";
  out.parent_chown = false;
  out.tmp_names = false;
  out.confined = false;
  return out;
}

guest_profile from_3_3() {
  auto out = from_3_18();
  out.name = "3.3";
  out.tmp_names = true;
  out.removal = false;
  out.truncates = false;
  out.replaces_dangling_links = false;
  return out;
}

guest_profile oldest() {
  auto out = from_3_3();
  out.name = "3.2";
  out.entries = false;
  return out;
}

} // namespace

removal_result guest_profile::classify_removal(errc code,
                                               std::string_view message) const {
  // Where nothing is removed the link fails with the same words.
  if (!removal || code != errc::internal)
    return removal_result::failed;
  // Whatever is missing, nothing is there: parents are not made, and the link
  // itself is not for want of a target.
  if (!implicit_parents)
    return contains(message, "No such file or directory")
             ? removal_result::removed
             : removal_result::failed;
  // 3.18-3.32: symlinkat() of the nix crate, without any context. From 4.0 on
  // the same words come from calls that are named before them.
  if (contains(message, "ENOENT: No such file or directory")
      && !contains(message, "fchownat") && !contains(message, "renameat"))
    return removal_result::removed;
  // From 4.0 on. A parent that cannot be made fails with the same error number
  // before anything is removed, but under another name.
  if (contains(message, "create symlink")
      && contains(message, "No such file or directory (os error 2)")
      && !contains(message, "mkdir_all"))
    return removal_result::removed;
  return removal_result::failed;
}

bool guest_profile::unlinked(errc code, std::string_view message) {
  return code == errc::internal
         && contains(message, "ENOENT: No such file or directory");
}

std::optional<agent_release> parse_agent_release(std::string_view text) {
  const auto read = read_release(text);
  if (!read || !read->rest.empty())
    return std::nullopt;
  return read->release;
}

guest_profile
profile_of(std::string_view agent_version,
           std::optional<agent_release> no_implicit_parents_from) {
  // What follows the release does not matter.
  const auto read = read_release(agent_version);
  if (!read)
    return never_seen();
  const auto& seen = read->release;
  if (seen <= agent_release{3, 2})
    return oldest();
  if (seen <= agent_release{3, 17})
    return from_3_3();
  if (seen <= agent_release{3, 32})
    return from_3_18();
  if (no_implicit_parents_from && seen >= *no_implicit_parents_from)
    return from_4_2();
  const bool was_seen
    = agent_release{4, 0} <= seen && seen <= agent_release{4, 1};
  return was_seen ? newest() : never_seen();
}

} // namespace fsshare
