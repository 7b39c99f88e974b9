// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// Lists a directory that is open for reading, without `.` and `..`.
/// @param path Names it in the sentence of an error.
result<std::vector<std::string>> names_in(const unique_fd& dir,
                                          const std::string& path);

} // namespace fsshare
