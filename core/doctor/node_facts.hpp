// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

/// What the node agent says of one sandbox.
struct known_sandbox {
  std::string id;
  bool gets_copies = false;
  bool guest_connected = false;
  std::uint64_t shares = 0;
  /// Guest paths that should be gone and are not.
  std::uint64_t leftovers = 0;
  /// Its owner has ended without a Cleanup.
  bool owner_gone = false;
};

/// What the node agent says of its guest copies.
struct copy_facts {
  std::uint64_t volumes = 0;
  /// Those that are looked at from time to time instead.
  std::uint64_t unwatched = 0;
  std::uint64_t copies = 0;
  std::uint64_t stale = 0;
  /// Of a copy that is stale: which, and why.
  std::string example;
};

enum class node_answer : std::uint8_t {
  /// Nobody listens.
  absent,
  /// Somebody listens, and did not answer in time.
  silent,
  refused,
  answered,
};

/// What the node agent says, if one runs.
struct node_facts {
  node_answer answer = node_answer::absent;
  /// Why it did not answer; empty otherwise.
  std::string reason;
  /// Of the node agent, and of doctor.
  std::string version;
  std::string own_version;
  std::vector<known_sandbox> sandboxes;
  copy_facts copies;
};

} // namespace fsshare
