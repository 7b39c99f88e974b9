// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_profile.hpp"

#include <charconv>
#include <optional>

namespace fsshare {

namespace {

struct version {
  unsigned major = 0;
  unsigned minor = 0;
};

// Reads MAJOR.MINOR at the beginning; what follows does not matter.
std::optional<version> parse_version(std::string_view text) {
  version out;
  const auto* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, out.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.')
    return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, out.minor);
  if (minor.ec != std::errc{})
    return std::nullopt;
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

guest_profile profile_of(std::string_view agent_version) {
  const auto seen = parse_version(agent_version);
  if (!seen || seen->major > 3)
    return newest();
  if (seen->major < 3 || seen->minor <= 2)
    return oldest();
  if (seen->minor <= 17)
    return from_3_3();
  if (seen->minor <= 32)
    return from_3_18();
  return newest();
}

} // namespace fsshare
