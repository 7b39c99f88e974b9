// SPDX-License-Identifier: Apache-2.0
#include "core/text/labels.hpp"

namespace fsshare {

std::string joined(const label_map& labels) {
  std::string all;
  for (const auto& [name, value] : labels)
    all.append(all.empty() ? "" : ",").append(name).append("=").append(value);
  return all;
}

} // namespace fsshare
