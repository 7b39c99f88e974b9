// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace fsshare::test {

/// While it lives, one of the system calls that our code makes fails; those of
/// the C++ library do not count. One at a time, in programs with one thread.
class failing_calls {
public:
  /// @param at Number of the call that fails, from 0.
  explicit failing_calls(std::size_t at);
  ~failing_calls();
  failing_calls(const failing_calls&) = delete;
  failing_calls& operator=(const failing_calls&) = delete;

  /// Returns the name of the call that failed; empty if there were fewer.
  static const std::string& failed();
};

} // namespace fsshare::test
