// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace fsshare {

/// Keeps the calling thread busy until it has used this much CPU time; at once
/// for zero.
void use_cpu(std::chrono::nanoseconds time);

} // namespace fsshare
