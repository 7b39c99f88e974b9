// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"
#include "ctl/program.hpp"

#include <iosfwd>

namespace fsshare::ctl {

/// Has the node agent list or remove what belongs to no sandbox, or does so
/// itself where none runs.
/// @returns `refused` also where something that should go stays.
int run_gc(const invocation& asked, const surroundings& with, std::ostream& out,
           std::ostream& err);

} // namespace fsshare::ctl
