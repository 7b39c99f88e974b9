// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <string>
#include <system_error>

namespace fsshare::guest {

/// Removes whatever `name` is in `dir`, a directory with all that is in it; no
/// link is followed. What is missing already is success.
///
/// This is what guest agents do to a path that another entry replaces, so the
/// stand-in has to. It is here and not in sys/ because the node agent never
/// deletes a tree: nothing that it links can.
std::errc remove_tree(const unique_fd& dir, const std::string& name);

} // namespace fsshare::guest
