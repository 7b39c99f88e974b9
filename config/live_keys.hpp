// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// A configuration after another was asked for.
struct taken_config {
  node_config config;
  /// Keys that were changed, as people write them: `log.level`.
  std::vector<std::string> changed;
  /// Keys that stay as they are until the next start.
  std::vector<std::string> kept;
};

/// Takes those keys of `wanted` into `running` that a running node agent can
/// change; which they are, config_keys.hpp says.
taken_config take_live_keys(const node_config& running,
                            const node_config& wanted);

} // namespace fsshare
