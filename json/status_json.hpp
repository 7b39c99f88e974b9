// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/events/event_ring.hpp"
#include "core/volume/volume_status.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace fsshare {

/// Returns what the status page reads of volumes: of each copy 20 skipped
/// entries at most, and how many more there are. Times are in seconds.
/// @param next Where the next page begins; empty for none.
std::string render_volumes(const std::vector<volume_status>& volumes,
                           const std::string& next);

/// Returns what it reads of sandboxes.
/// @param most How many are listed.
std::string render_sandboxes(const list_sandboxes_reply& sandboxes,
                             std::size_t most);

/// Returns what it reads of events. Times are in seconds since the start of
/// 1970.
std::string render_events(const std::vector<kept_event>& events);

} // namespace fsshare
