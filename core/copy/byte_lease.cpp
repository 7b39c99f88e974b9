// SPDX-License-Identifier: Apache-2.0
#include "core/copy/byte_lease.hpp"

#include <utility>

namespace fsshare {

byte_lease::byte_lease(std::uint64_t bytes, changed on_change)
  : bytes_(bytes), on_change_(std::move(on_change)) {
}

byte_lease::~byte_lease() {
  on_change_(0);
}

void byte_lease::shrink(std::uint64_t bytes) const {
  if (bytes > 0 && bytes < bytes_)
    on_change_(bytes);
}

} // namespace fsshare
