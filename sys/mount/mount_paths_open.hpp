// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace fsshare {

/// Shared by the halves of share_tree; nobody else includes this.

/// Describes a failed open_beneath(): a link or a mount in the way is
/// `errc::failed_precondition` in plain words.
error open_error(int number, const std::string& path);

/// Returns `errc::failed_precondition` with a sentence.
inline error refused(std::string why) {
  return {errc::failed_precondition, std::move(why)};
}

/// What a name in a directory stands for.
struct looked_up {
  /// errno, 0 for none.
  int failure = 0;
  bool is_mount_point = false;
  bool is_directory = false;
  bool is_file = false;
  std::uint64_t size = 0;
};

/// Looks at a name without following it, and without asking a server that may
/// not answer.
looked_up look_at(int dir, const std::string& name);

/// The same, but says of a mount point only that it is one: what is mounted
/// there may be of a server that is asked of its root.
looked_up look_beneath(int dir, const std::string& name);

} // namespace fsshare
