// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_profile.hpp"
#include "tests/support/tampering.hpp"

#include <optional>
#include <string>
#include <variant>

namespace fsshare::demo {

/// How the demo is to run.
struct demo_options {
  /// The guest agents that fsshare-guest behaves like: 3.3, 3.18, 4.0 or
  /// 4.2.
  std::string profile = "4.0";
  /// What to spoil, to see that the demo notices.
  test::tampering tamper = test::tampering::nothing;

  /// Returns what those guest agents can do.
  guest_profile abilities() const;
};

/// Reads the command line.
/// @returns the options; or the exit code, with help or complaint printed.
std::variant<demo_options, int> parse_options(int argc, char** argv);

} // namespace fsshare::demo
