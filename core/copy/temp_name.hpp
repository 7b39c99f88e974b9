// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace fsshare {

/// Returns the name under which a guest agent collects the bytes of a regular
/// file before it renames it: the text after the last dot replaced by `tmp`,
/// a name without such a dot, or whose only dot comes first, lengthened by
/// `.tmp` (Rust's `Path::set_extension("tmp")`).
///
/// Files of one directory with equal temp names destroy each other when they
/// are sent at the same time.
/// @param file_name one path component, neither `.` nor `..`.
std::string temp_name(std::string_view file_name);

/// Returns whether a regular file of that name can be sent at all: every guest
/// agent refuses a file whose temp name has more than 255 bytes (NAME_MAX).
bool has_sendable_temp_name(std::string_view file_name);

} // namespace fsshare
