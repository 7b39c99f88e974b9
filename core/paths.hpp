// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace fsshare {

/// A path and why it is listed, in words for the user: what cannot be copied,
/// what should be gone and is not, what is somebody else's.
struct path_reason {
  std::string path;
  std::string reason;

  friend bool operator==(const path_reason&, const path_reason&) = default;
};

/// The longest path, PATH_MAX of linux/limits.h less its NUL.
inline constexpr std::size_t max_path_bytes = 4095;

/// The longest name of a file, NAME_MAX of linux/limits.h.
inline constexpr std::size_t max_name_bytes = 255;

/// The link in a volume that names its live generation; the kubelet's
/// AtomicWriter renames it into place.
inline constexpr const char* data_link = "..data";

/// Checks that `path` is absolute, without `.`, `..` or empty components, NUL
/// bytes or a trailing slash (but for `/` itself), and at most 4095 bytes long
/// with components of at most 255.
/// @returns `errc::invalid_argument` with a sentence that names `what`.
status check_path(std::string_view what, std::string_view path);

/// Removes repeated and trailing slashes and `.` components of an absolute
/// path. `..` components are kept for check_path() to refuse.
std::string normal_path(std::string_view path);

/// Returns `dir`/`name`; `dir` alone when `name` is empty.
std::string join(std::string_view dir, std::string_view name);

/// Returns what follows the last slash.
std::string_view base_name(std::string_view path);

/// Returns what precedes the last slash: `/` for `/a`, empty for `a`.
std::string_view parent_path(std::string_view path);

/// Returns what precedes the first slash of a relative path.
std::string_view first_component(std::string_view path);

/// Returns whether `path` lies strictly below `dir`, component by component.
bool is_below(std::string_view path, std::string_view dir);

} // namespace fsshare
