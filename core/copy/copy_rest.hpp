// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_schedule.hpp"

namespace fsshare {

/// Plans what is left of a copy to a path that nobody uses yet, for when the
/// connection ended and no request of it can happen any more: what was
/// acknowledged stays, files that were begun are sent from their first byte.
///
/// Guest agents that never truncate get the temporary of a file that was begun
/// spent first: longer than what is sent next under its name, it would make
/// that file vanish with every reply a success.
copy_plan plan_rest(const copy_schedule& done, const guest_profile& guest);

/// Returns the step that takes the temporary of `file` away from a guest agent
/// that never truncates: one byte past its end completes it under the path it
/// was left by. The file itself has to follow.
/// @param longest largest size that was announced under this path.
copy_step spend_step(const copy_step& file, std::uint64_t longest);

} // namespace fsshare
