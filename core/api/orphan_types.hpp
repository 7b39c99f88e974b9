// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/paths.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

struct collect_orphans_request {
  /// Only this one; empty for all.
  std::string sandbox_id;
  /// Only those behind it, in the order of their ids.
  std::string orphans_after;
  /// Takes them away; otherwise they are only listed.
  bool remove = false;
};

/// A sandbox that bears our mark and that nobody knows.
struct orphan {
  std::string sandbox_id;
  /// Nothing of ours is left of it.
  bool removed = false;
  /// Why not, though it was tried.
  std::string reason;
  /// What was in it and is somebody else's; it stays.
  std::vector<path_reason> foreign;
};

/// A state file that was set aside at a start.
struct aside_file {
  std::string sandbox_id;
  bool removed = false;
  /// Why it stays; empty where nobody needs it.
  std::string reason;

  friend bool operator==(const aside_file&, const aside_file&) = default;
};

struct collect_orphans_reply {
  /// Sorted by id.
  std::vector<orphan> orphans;
  /// How many come behind these.
  std::uint64_t orphans_more = 0;
  /// What lies in the share root and is not ours, or cannot be told; it stays.
  /// Listed with the first page only.
  std::vector<path_reason> foreign;
  /// With the last page of all orphans only; sorted.
  std::vector<aside_file> asides;
};

} // namespace fsshare
