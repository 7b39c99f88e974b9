// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/host_facts.hpp"

#include <string>

namespace fsshare {

/// Looks at the state files as a node agent of that share root would; changes
/// nothing. Blocks as long as their file system does.
state_facts look_at_states(const std::string& directory,
                           const std::string& share_root);

/// The same, for a limited time.
state_facts look_at_states_soon(const std::string& directory,
                                const std::string& share_root);

} // namespace fsshare
