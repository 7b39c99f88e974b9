// SPDX-License-Identifier: Apache-2.0
#include "core/volume/sealed_secret.hpp"

#include "core/copy/sealed_file.hpp"

namespace fsshare {

std::set<std::string> sealed_files(const volume_snapshot& volume) {
  std::set<std::string> sealed;
  for (const auto& entry : volume.tree.entries)
    if (is_sealed(entry.content))
      sealed.insert(entry.path);
  return sealed;
}

} // namespace fsshare
