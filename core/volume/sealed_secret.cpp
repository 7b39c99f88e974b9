// SPDX-License-Identifier: Apache-2.0
#include "core/volume/sealed_secret.hpp"

#include <string_view>

namespace fsshare {

std::set<std::string> sealed_files(const volume_snapshot& volume) {
  constexpr std::string_view prefix = "sealed.";
  std::set<std::string> sealed;
  for (const auto& entry : volume.tree.entries)
    if (entry.content && as_text(*entry.content).starts_with(prefix))
      sealed.insert(entry.path);
  return sealed;
}

} // namespace fsshare
