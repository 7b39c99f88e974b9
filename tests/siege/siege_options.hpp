// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <variant>

namespace fsshare::siege {

/// How a siege is to run.
struct siege_options {
  /// How long everybody is hostile.
  std::chrono::seconds duration{300};
  /// How long honest users are served before, to compare with.
  std::chrono::seconds quiet{30};
  /// Most resident memory of fsshared, in MiB.
  std::size_t rss_mib = 256;
  /// Most that honest users' median lag may grow by.
  double lag_factor = 3;
  /// Most that Prepare and Cleanup of honest users may take.
  std::chrono::milliseconds request_limit{100};
};

/// Reads the command line.
/// @returns the options; or the exit code, with help or complaint printed.
std::variant<siege_options, int> parse_options(int argc, char** argv);

} // namespace fsshare::siege
