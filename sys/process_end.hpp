// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fsshare {

/// Whether a process has ended, waited for or not. One that cannot be told, as
/// of another PID namespace, has not.
bool has_ended(int pid);

} // namespace fsshare
