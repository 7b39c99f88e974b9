// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace fsshare {

// Marks of sandboxes that have no directory: small files of root's in a
// directory of ours, which is made with the first. Their directory lies on a
// file system of the node's own, which answers.

/// Makes a mark.
/// @returns whether it was made; false where there is one.
result<bool> make_mark_file(const std::string& path, std::string_view text);

/// Removes a mark.
/// @returns whether it was there.
result<bool> remove_mark_file(const std::string& path);

/// Returns whether there is a mark.
result<bool> has_mark_file(const std::string& path);

} // namespace fsshare
