// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/removal_result.hpp"
#include "core/result.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fsshare {

/// A release of guest agents, such as 4.2; those of one behave alike.
struct agent_release {
  unsigned major = 0;
  unsigned minor = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): in what the compiler makes
  friend auto operator<=>(const agent_release&, const agent_release&) = default;
};

/// Reads `MAJOR.MINOR` and nothing else.
std::optional<agent_release> parse_agent_release(std::string_view text);

/// What a guest agent can do and how it behaves where versions differ. The
/// facts are those that real guest agents of each range showed.
struct guest_profile {
  /// First version of the range, such as `3.18`; for logs and status.
  std::string_view name;
  /// Takes directories and symlinks. Without, a directory becomes an empty file
  /// and a link is dropped, both answered with success.
  bool entries = true;
  /// Removes whatever stands at a path when it is sent a link without a target.
  bool removal = true;
  /// Gives the parent directory of every path the owner of the request.
  bool parent_chown = true;
  /// Makes what is missing of the directories that lead to a path. Without, a
  /// request below a directory that is missing fails with ENOENT.
  bool implicit_parents = true;
  /// The same, if it is known of the release: what is newer than what was seen
  /// may have been changed.
  bool surely_makes_parents = true;
  /// Completes a file whose name is its own temp name, such as `a.tmp`.
  bool tmp_names = true;
  /// Truncates the temporary when a file is begun anew. Without, a longer one
  /// left behind makes a shorter file never complete.
  bool truncates = true;
  /// Replaces a symlink that leads nowhere; without it is answered EEXIST.
  bool replaces_dangling_links = true;
  /// Resolves paths inside the share only.
  bool confined = true;

  /// Tells whether a removal_step() did its work, by the status it was answered
  /// with. Success looks like a failure: the guest agent removes the entry and
  /// then cannot create a link without a target.
  /// @param message the status message as the guest agent sent it.
  /// @returns `removed` or `failed`.
  removal_result classify_removal(errc code, std::string_view message) const;

  /// Tells the same of a link that resolved, on any guest agent. One that did
  /// not is left, with the same words, by those that remove nothing else.
  static bool unlinked(errc code, std::string_view message);

  friend bool operator==(const guest_profile&, const guest_profile&) = default;
};

/// Returns the profile of the agent_version that `grpc.Health/Version` answers,
/// such as `3.30.0` or `4.1.0-rc0`. Texts without a version, and versions that
/// nobody has seen, get the newest that was, but for `surely_makes_parents`.
/// @param no_implicit_parents_from the first release, 4.0 or later, whose guest
///        agents leave parents as they are, neither making missing ones nor
///        changing owners: kata-containers#13799, which is not merged. None if
///        no guest agent does.
guest_profile profile_of(std::string_view agent_version,
                         std::optional<agent_release> no_implicit_parents_from
                         = std::nullopt);

} // namespace fsshare
