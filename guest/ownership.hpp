// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <system_error>

namespace fsshare::guest {

/// The owner of an entry, as a request carries it.
struct ownership {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Gives an open file or handle to its owner. Guest agents are root; the
/// stand-in may not be, and then takes EPERM for success.
std::errc give_to(const ownership& owner, const unique_fd& file);

/// Gives an entry of `dir` to its owner; a link itself, not what it names.
std::errc give_to(const ownership& owner, const unique_fd& dir,
                  const std::string& name);

} // namespace fsshare::guest
