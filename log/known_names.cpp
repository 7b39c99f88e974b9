// SPDX-License-Identifier: Apache-2.0
#include "log/known_names.hpp"

#include <string_view>
#include <utility>

namespace fsshare::log {

void known_names::name_sandbox(const std::string& id, std::string labels) {
  const std::lock_guard lock{mutex_};
  sandboxes_[id].labels = std::move(labels);
  drop_if_empty(id);
}

void known_names::name_container(const std::string& sandbox,
                                 const std::string& id,
                                 const std::string& name) {
  const std::lock_guard lock{mutex_};
  auto& containers = sandboxes_[sandbox].containers;
  if (name.empty())
    containers.erase(id);
  else
    containers[id] = name;
  drop_if_empty(sandbox);
}

void known_names::forget(const std::string& sandbox) {
  const std::lock_guard lock{mutex_};
  sandboxes_.erase(sandbox);
}

void known_names::drop_if_empty(const std::string& id) {
  const auto at = sandboxes_.find(id);
  if (at->second.labels.empty() && at->second.containers.empty())
    sandboxes_.erase(at);
}

std::vector<field> known_names::names_for(const fields& values) const {
  const auto value_of = [&values](std::string_view key) -> std::string_view {
    for (const auto& each : values)
      if (each.key() == key)
        return each.value();
    return {};
  };
  const std::lock_guard lock{mutex_};
  std::vector<field> out;
  const auto known = sandboxes_.find(value_of("sandbox"));
  if (known == sandboxes_.end())
    return out;
  const auto& [labels, containers] = known->second;
  const auto container = containers.find(std::string{value_of("container")});
  if (container != containers.end())
    out.emplace_back("container_name", container->second);
  if (!labels.empty())
    out.emplace_back("labels", labels);
  return out;
}

} // namespace fsshare::log
