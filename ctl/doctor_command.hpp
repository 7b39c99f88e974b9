// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/finding.hpp"
#include "ctl/command.hpp"
#include "ctl/program.hpp"

#include <iosfwd>
#include <string>

namespace fsshare::ctl {

/// Returns findings as lines for people, with the cures below them.
std::string to_text(const findings& all);

/// Looks at the host, asks the node agent, and prints what is found.
/// @returns `done` where nothing fails, `refused` where something does, and
///          `wrong_config` where the configuration cannot be read: then all
///          else is looked at as its defaults say.
int run_doctor(const invocation& asked, const surroundings& with,
               std::ostream& out);

} // namespace fsshare::ctl
