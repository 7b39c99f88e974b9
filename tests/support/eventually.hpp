// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace fsshare::test {

/// Waits for what other processes or threads bring about, asking again every
/// few milliseconds.
/// @returns false if it did not hold within the limit, which only a hang meets.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::milliseconds limit
                       = std::chrono::seconds{30}) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

} // namespace fsshare::test
