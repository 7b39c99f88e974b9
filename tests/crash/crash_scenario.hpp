// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/private_mounts.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace fsshare::test {

/// One request of a sandbox's life.
struct operation {
  std::string name;
  std::function<status(control_client&)> call;
  /// It is several things, which end one by one.
  bool has_parts = false;
  /// Who owns the sandbox is written down when all else of it is.
  bool names_owner = false;
};

/// Everything that tells whether two states are the same; random parts of names
/// are left out.
struct observation {
  /// What is mounted where and how, in any order.
  std::vector<std::string> mounts;
  /// Names, modes and contents below the share root and of the sources.
  std::string files;
  /// What the state files come to.
  std::string states;
  /// Answers of ListSandboxes and GetSandbox.
  std::string answers;

  friend bool operator==(const observation&, const observation&) = default;
};

/// Puts what differs into words.
std::string difference(const observation& x, const observation& y);

/// Makes what is shared.
void make_crash_sources(const private_mounts& work);

/// The life of a sandbox with everything in it.
std::vector<operation> crash_operations(const private_mounts& work);

observation observe(const private_mounts& work, killed_node& node);

/// Returns the mounts by their normal names, each with its id.
std::map<std::string, std::uint64_t> mount_ids();

} // namespace fsshare::test
