// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/result.hpp"
#include "sys/process/instance_lock.hpp"

#include <optional>

namespace fsshare {

/// What only one node agent has at a time: its share root and its state
/// directory, until this ends.
class node_claims {
public:
  /// Makes both directories where they are missing, looks whether sandboxes
  /// will see what is mounted in the share root, and claims them. Without a
  /// state directory work goes on.
  /// @returns `errc::already_exists` where another node agent has one of them.
  static result<node_claims> take(const node_config& config);

private:
  node_claims() = default;

  std::optional<instance_lock> share_root_;
  std::optional<instance_lock> state_directory_;
};

} // namespace fsshare
