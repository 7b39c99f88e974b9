// SPDX-License-Identifier: Apache-2.0
#include "config/node_config.hpp"

#include "core/paths.hpp"

namespace fsshare {

node_config default_config(std::uint32_t own_uid) {
  node_config config;
  if (own_uid != 0)
    config.api.allowed_uids.push_back(own_uid);
  return config;
}

std::string state_directory(const node_config& config) {
  return config.state.directory.empty()
           ? join(parent_path(config.api.socket), "state")
           : config.state.directory;
}

std::string copy_mark_dir(const node_config& config) {
  return config.api.socket + ".copies";
}

} // namespace fsshare
