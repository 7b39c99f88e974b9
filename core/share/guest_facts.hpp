// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/result.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// What may become known of a guest after its sandbox is prepared: the address
/// of its agent, its memory and whether it has a policy. Each is told once;
/// telling it again changes nothing, and what is not told neither.

/// Returns what a Prepare tells of its guest.
set_guest_request told_by(const prepare_request& request);

/// Returns what of a guest contradicts what is known, by the names of the API's
/// fields. Its memory is known with its address at the latest, since what
/// copies may take stands from then on.
std::vector<std::string> contradictions(const prepare_request& known,
                                        const set_guest_request& told);

/// Takes in what is told. There are no contradictions.
void learn(prepare_request& known, const set_guest_request& told);

/// Returns how much of a guest's memory copies may take, in bytes; 0 is any.
/// @param memory_bytes Of the guest; 0 is unknown.
/// @param otherwise Of a guest whose memory is unknown; 0 is any.
std::uint64_t copy_budget(std::uint64_t memory_bytes, std::uint64_t otherwise);

} // namespace fsshare
