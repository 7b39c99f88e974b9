// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/api/orphan_types.hpp"
#include "core/result.hpp"

namespace fsshare {

/// Does all that CollectOrphans does where no node agent runs, and keeps one
/// from starting meanwhile. A sandbox counts as known whose state file a node
/// agent would go on with.
/// @returns `errc::already_exists` where a node agent has the share root, or
///          why what is there cannot be told; then nothing was changed.
result<collect_orphans_reply>
collect_orphans_here(const node_config& config,
                     const collect_orphans_request& request);

} // namespace fsshare
