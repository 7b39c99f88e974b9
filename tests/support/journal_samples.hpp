// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/journal_record.hpp"

#include <string>

namespace fsshare::test {

/// Returns what is written down of a sandbox that shares a filesystem.
inline recorded_prepare prepare_of(const std::string& id) {
  recorded_prepare out;
  out.request.sandbox_id = id;
  out.request.mode = sharing_mode::shared_filesystem;
  return out;
}

/// Returns what is written down of a share.
inline recorded_share share_of(const std::string& id) {
  recorded_share out;
  out.share_id = id;
  out.container_id = "c1";
  out.mount.source = "/src/" + id;
  return out;
}

} // namespace fsshare::test
