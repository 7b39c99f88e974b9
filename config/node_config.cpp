// SPDX-License-Identifier: Apache-2.0
#include "config/node_config.hpp"

namespace fsshare {

node_config default_config(std::uint32_t own_uid) {
  node_config config;
  if (own_uid != 0)
    config.api.allowed_uids.push_back(own_uid);
  return config;
}

} // namespace fsshare
