// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"
#include "core/copy/tree_snapshot.hpp"

#include <memory>
#include <string>

namespace fsshare::bench {

/// Returns a volume with so many small files as it is read after some
/// rotations.
inline volume_snapshot_ptr volume_of(int keys, int rotations) {
  volume_snapshot out;
  out.id = {"..2026_01_02_03_04_05." + std::to_string(100000000 + rotations),
            static_cast<std::uint64_t>(rotations)};
  out.root.mode = 0755;
  out.tree.entries.push_back(out.root);
  for (int n = 0; n < keys; ++n) {
    tree_entry file;
    file.path = "key" + std::to_string(n);
    file.type = entry_type::file;
    file.mode = 0644;
    file.size = 1;
    file.content = std::make_shared<const bytes>(1, 'x');
    out.links.push_back(file.path);
    out.tree.entries.push_back(std::move(file));
  }
  return std::make_shared<const volume_snapshot>(std::move(out));
}

/// Returns how a rotation of it goes to a guest that had it before.
inline push_options push_of(const volume_snapshot& volume) {
  push_options out;
  out.guest_root = "/run/kata-containers/shared/containers/c-0123456789abcdef";
  out.attempt_name = volume.id.name;
  out.links = volume.links;
  out.links_made = {volume.links.begin(), volume.links.end()};
  return out;
}

} // namespace fsshare::bench
