// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"

#include <string>
#include <string_view>

namespace fsshare {

/// Returns whether a file holds a sealed secret: it begins with the bytes
/// `sealed.`. Of one whose contents are not known that is not known.
inline bool is_sealed(const blob& content) {
  return content && as_text(*content).starts_with("sealed.");
}

/// Returns where the guest agent of a confidential guest writes the plaintext
/// of a sealed secret (confidential_data_hub's unseal_file).
inline std::string unsealed_path(std::string_view sealed) {
  return std::string{sealed} + ".unsealed";
}

} // namespace fsshare
