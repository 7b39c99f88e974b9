// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <stdexcept>
#include <utility>

namespace fsshare::bench {

/// Returns what a call has got; throws its error.
template <class T>
T must(result<T> got) {
  if (!got)
    throw std::runtime_error{got.err().message};
  return *std::move(got);
}

} // namespace fsshare::bench
