// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "main/actor_wiring.hpp"

#include <chrono>
#include <string>

namespace fsshare {

/// Has NODE go on with what earlier processes have written down, as far as it
/// is there; to be called once, before the first request. What takes longer
/// than `limit` to be taken away goes on meanwhile.
/// @returns `errc::deadline_exceeded` where the state directory does not
///          answer; then nothing is known.
status adopt_sandboxes_of_before(caf::actor_system& system,
                                 const wired_actors& actors,
                                 const std::string& share_root,
                                 std::chrono::nanoseconds limit);

} // namespace fsshare
