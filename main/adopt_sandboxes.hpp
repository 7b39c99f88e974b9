// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/result.hpp"
#include "main/actor_wiring.hpp"

#include <chrono>
#include <string>

namespace fsshare {

/// Has NODE go on with what earlier processes have written down, as far as it
/// is there, and removes state files that were set aside before and that nobody
/// needs; to be called once, before the first request. What takes longer
/// than `limit` to be taken away goes on meanwhile.
/// @returns `errc::deadline_exceeded` where the state directory does not
///          answer; then nothing is known.
status adopt_sandboxes_of_before(caf::actor_system& system,
                                 const wired_actors& actors,
                                 const node_config& config,
                                 std::chrono::nanoseconds limit);

} // namespace fsshare
