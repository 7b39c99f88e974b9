// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/text/base64.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace fsshare::test {

/// Encodes with the standard alphabet, as snapshotters do.
inline std::string base64_text(std::string_view bytes) {
  auto text = base64url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

} // namespace fsshare::test
