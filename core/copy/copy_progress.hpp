// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// How far a copy has come, in what the guest acknowledged.
struct copy_progress {
  std::uint64_t entries_done = 0;
  std::uint64_t entries_total = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;

  friend bool operator==(const copy_progress&, const copy_progress&) = default;
};

} // namespace fsshare
