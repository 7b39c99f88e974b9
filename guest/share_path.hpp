// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fsshare::guest {

/// Where guest agents keep their share.
constexpr std::string_view share_root
  = "/run/kata-containers/shared/containers";

/// What the agents up to 3.32 ask a path to begin with.
constexpr std::string_view old_prefix = "/run/kata-containers";

/// A path below the share, relative to it. Repeated slashes and `.` are gone;
/// `..` stays, because only the file system knows what it means.
struct share_path {
  /// All but the last component; empty for the share itself.
  std::string parent;
  /// The last component; empty if the path is the share itself.
  std::string name;
  /// Whether a slash came after it, which is no part of it: the kernel takes
  /// such a path for that of a directory (path_resolution(7)).
  bool ends_in_slash = false;

  /// Whether it is the share itself.
  bool is_root() const {
    return name.empty();
  }
  /// Returns the whole path.
  std::string text() const;
  /// Returns the path of another entry of the same directory.
  std::string sibling(const std::string& other) const;
};

/// Returns the part of `path` after `prefix`, component by component; none if
/// it does not begin so, or is relative.
std::optional<share_path> strip_prefix(std::string_view path,
                                       std::string_view prefix);

/// Splits a relative path at its last component.
share_path split(const std::string& path);

} // namespace fsshare::guest
