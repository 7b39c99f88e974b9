// SPDX-License-Identifier: Apache-2.0
#include "core/text/labels.hpp"

namespace fsshare {

std::string joined(const label_map& labels) {
  std::string all;
  for (const auto& [name, value] : labels)
    all.append(all.empty() ? "" : ",").append(name).append("=").append(value);
  return all;
}

pod_name pod_of(const label_map& labels) {
  const auto first_of = [&labels](const char* full, const char* plain) {
    for (const auto* name : {full, plain})
      if (const auto at = labels.find(name); at != labels.end())
        return at->second;
    return std::string{};
  };
  return {first_of("io.kubernetes.pod.namespace", "namespace"),
          first_of("io.kubernetes.pod.name", "pod")};
}

} // namespace fsshare
