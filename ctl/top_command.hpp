// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"
#include "ctl/program.hpp"
#include "proto/fsshare.pb.h"

#include <iosfwd>
#include <optional>
#include <string>

namespace fsshare::ctl {

/// What top shows.
struct node_look {
  v1::ListSandboxesReply sandboxes;
  v1::ListVolumesReply volumes;
};

/// Returns it as text: what is stale comes first, and has been so for longest.
/// @param size Where it has to fit; nothing for all of it.
std::string top_text(const node_look& seen,
                     const std::optional<terminal_size>& size);

/// Shows sandboxes and copies: on a terminal each second anew until it is
/// interrupted, elsewhere once.
int run_top(const invocation& asked, const surroundings& with,
            std::ostream& out, std::ostream& err);

} // namespace fsshare::ctl
