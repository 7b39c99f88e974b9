// SPDX-License-Identifier: Apache-2.0
#include "core/api/api_types.hpp"

namespace fsshare {

const char* to_string(sharing_mode mode) noexcept {
  switch (mode) {
  case sharing_mode::shared_filesystem: return "shared-filesystem";
  case sharing_mode::copy: return "copy";
  case sharing_mode::unspecified: break;
  }
  return "unspecified";
}

} // namespace fsshare
