// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/result.hpp"

namespace fsshare {

/// Each returns the request with its paths in normal form (no repeated or
/// trailing slashes), or `errc::invalid_argument` with a sentence that names
/// the field: ids that could lead elsewhere, relative or `..` paths, unknown
/// modes, addresses that nobody can dial, words with NUL bytes or too long,
/// lists of too many entries.
result<prepare_request> checked(prepare_request request);
result<cleanup_request> checked(cleanup_request request);
result<share_file_request> checked(share_file_request request);

/// A share is named by its id or by container and destination, not both.
result<unshare_file_request> checked(unshare_file_request request);
result<unshare_container_request> checked(unshare_container_request request);

/// What the kind of the root filesystem needs is checked by
/// plan_rootfs_share().
result<share_rootfs_request> checked(share_rootfs_request request);
result<unshare_rootfs_request> checked(unshare_rootfs_request request);
result<start_watcher_request> checked(start_watcher_request request);
result<stop_watcher_request> checked(stop_watcher_request request);
result<get_sandbox_request> checked(get_sandbox_request request);

/// In these two the sandbox id may be empty.
result<list_sandboxes_request> checked(list_sandboxes_request request);
result<list_volumes_request> checked(list_volumes_request request);

} // namespace fsshare
