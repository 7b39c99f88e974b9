// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace fsshare {

/// What these programs were built from.
struct build_info {
  /// Of the project: "0.1.0".
  static const char* const version;
  /// Commit; ends in "-dirty" with changes, is "unknown" without a repository.
  static const char* const commit;
};

/// Returns what `--version` of a program prints, in one line.
std::string version_line(const std::string& program);

} // namespace fsshare
