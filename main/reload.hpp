// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/result.hpp"

#include <functional>
#include <string>

namespace fsshare {

/// The configuration of a running node agent, of which some keys change when it
/// is read again. For one thread.
class live_config {
public:
  using reader = std::function<result<node_config>()>;

  /// @param file Names what `read` reads, which may hang.
  live_config(node_config config, std::string file, reader read);

  const node_config& config() const {
    return config_;
  }

  /// Reads it again, for a few seconds at most, lets the log follow, and says
  /// in the log what changed and what takes a restart. One that is wrong
  /// changes nothing.
  void reload();

private:
  node_config config_;
  std::string file_;
  reader read_;
};

} // namespace fsshare
