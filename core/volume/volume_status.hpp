// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_progress.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/text/labels.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// What an operator sees of one guest copy of a volume.
struct destination_status {
  std::string sandbox_id;
  std::string container_id;
  std::string share_id;
  std::string guest_path;
  /// Directory that `..data` names in the guest; empty before the first copy.
  std::string guest_generation;
  bool current = false;
  /// Time since the host had something newer; 0 when current.
  std::chrono::nanoseconds stale_for{0};
  /// From the first hint of the guest's generation, of no other, to its
  /// acknowledgement.
  std::chrono::nanoseconds last_lag{0};
  /// Why it is stale; empty when nothing failed.
  std::string reason;
  /// Until what has failed is tried again; nothing while something is tried.
  std::optional<std::chrono::nanoseconds> next_try = std::nullopt;
  /// Failures since the last success.
  std::uint64_t failures = 0;
  std::uint64_t pushes = 0;
  skipped_list skipped;
  /// Guest paths that should be gone and that this guest agent cannot remove.
  std::vector<std::string> not_removable;
  /// How many more there are.
  std::uint64_t not_removable_more = 0;
  /// Directories of generations that stay until the share ends, since the guest
  /// agent may have unsealed secrets into them.
  std::vector<std::string> kept_generations;
  std::uint64_t kept_generations_more = 0;
  /// Of the push that is running.
  copy_progress progress;
  /// Number of the destination's orders to its GUEST PROXY; 0 is none.
  std::uint64_t order = 0;
  /// What people call the container and the sandbox; null for nothing.
  std::string container_name = {};
  std::shared_ptr<const label_map> labels = nullptr;
};

/// What an operator sees of one volume.
struct volume_status {
  std::string path;
  /// Generation on the host; empty before it was read.
  std::string host_generation;
  bool watched = false;
  /// Why it could not be watched or read; empty when nothing failed.
  std::string reason;
  /// Number of times that a generation of it was read from the disk.
  std::uint64_t snapshots = 0;
  std::vector<destination_status> destinations;
  /// How many come behind those that are listed.
  std::uint64_t destinations_more = 0;
};

/// Part of the volumes, in the order of their paths, and of their destinations,
/// in the order of their numbers. The destinations of the last one may go on
/// with the next page.
struct volume_page {
  std::vector<volume_status> listed;
  /// How many volumes come behind it.
  std::uint64_t more = 0;
  /// How many volumes and destinations were looked at for it.
  std::uint64_t looked_at = 0;
};

/// Returns about how many bytes a destination, or a volume without its
/// destinations, takes in a reply.
std::size_t listed_bytes(const destination_status& of);
std::size_t listed_bytes(const volume_status& of);

} // namespace fsshare
