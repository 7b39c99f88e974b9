// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace fsshare {

using bytes = std::vector<std::uint8_t>;
using byte_view = std::span<const std::uint8_t>;

/// Immutable bytes that many readers share without a copy.
using blob = std::shared_ptr<const bytes>;

/// Wraps file contents; they are overwritten with zeros when the last reader
/// lets go, so that secrets do not linger in freed memory.
inline blob make_secret_blob(bytes data) {
  // The heap of the node agent wipes what is given back to it.
  return std::make_shared<const bytes>(std::move(data));
}

/// Views text as bytes; the text must outlive the view.
inline byte_view as_bytes(std::string_view text) {
  // The one legal aliasing cast: any object may be read as bytes.
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Views bytes as text; the bytes must outlive the view.
inline std::string_view as_text(byte_view data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

} // namespace fsshare
