// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/result.hpp"

namespace fsshare {

/// Returns the request with its paths in normal form (no repeated or trailing
/// slashes), or `errc::invalid_argument` with a sentence that names the field:
/// ids that could lead elsewhere, relative or `..` paths, unknown modes,
/// addresses that nobody can dial, words with NUL bytes or too long, lists of
/// too many entries, a share named by its id and by container and destination.
/// Only what lists takes an empty sandbox id. What the kind of a root
/// filesystem needs is checked by plan_rootfs_share().
/// @param Request Any request of core/api/api_types.hpp, event_types.hpp or
/// orphan_types.hpp.
template <class Request>
result<Request> checked(Request request);

} // namespace fsshare
