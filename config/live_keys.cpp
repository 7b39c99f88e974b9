// SPDX-License-Identifier: Apache-2.0
#include "config/live_keys.hpp"

#include "config/describe_config.hpp"
#include "config/parse_config.hpp"

#include <nlohmann/json.hpp>

namespace fsshare {

taken_config take_live_keys(const node_config& running,
                            const node_config& wanted) {
  using nlohmann::json;
  taken_config out{running, {}, {}};
  auto now = json::parse(to_json_text(running));
  const auto then = json::parse(to_json_text(wanted));
  for (const auto& key : config_key_places()) {
    const json::json_pointer at{key.pointer};
    if (now.at(at) == then.at(at))
      continue;
    if (key.is_live)
      now[at] = then.at(at);
    (key.is_live ? out.changed : out.kept).push_back(key.name);
  }
  // What was written and is valid by itself is so together: no range depends on
  // another key.
  if (auto read = parse_config({{"the running configuration", now.dump()}},
                               node_config{}))
    out.config = *std::move(read);
  return out;
}

} // namespace fsshare
