// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/share/root_entry.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// Lists a share root by the marks in its directories; crosses no mount,
/// follows no link, and looks at nothing but the marks.
/// @param root A descriptor of the share root.
/// @param path Names it in the sentence of an error.
result<std::vector<root_entry>> list_root_entries(int root,
                                                  const std::string& path);

/// Looks at one entry of a share root likewise; foreign if it is not there.
root_entry look_at_root_entry(int root, const std::string& path,
                              const std::string& name);

/// Lists the ids of sandboxes by their marks in a directory of marks; none
/// where it was never made.
result<std::vector<std::string>> list_copy_marks(const std::string& dir);

} // namespace fsshare
