// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"
#include "ctl/program.hpp"

#include <iosfwd>

namespace fsshare::ctl {

/// Prints how the copies of a volume, or of a share, are, and what has happened
/// to each.
/// @returns `refused` where no such volume or share is followed.
int run_explain(const invocation& asked, const surroundings& with,
                std::ostream& out, std::ostream& err);

} // namespace fsshare::ctl
