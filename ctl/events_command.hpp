// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"
#include "ctl/program.hpp"

#include <iosfwd>

namespace fsshare::ctl {

/// Prints what the node agent has done lately and, if that is asked for, what
/// happens next, until a call fails or nobody reads it.
int run_events(const invocation& asked, const surroundings& with,
               std::ostream& out, std::ostream& err);

} // namespace fsshare::ctl
