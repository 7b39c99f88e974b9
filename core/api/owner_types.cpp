// SPDX-License-Identifier: Apache-2.0
#include "core/api/owner_types.hpp"

namespace fsshare {

namespace {

/// The largest number of a process (PID_MAX_LIMIT, proc(5)).
constexpr std::uint32_t max_pid = std::uint32_t{1} << 22;

} // namespace

status check(const owner_terms& terms) {
  if (terms.nobody && terms.pid != 0)
    return error{errc::invalid_argument, "owner_pid is "
                                           + std::to_string(terms.pid)
                                           + " though no_owner is set"};
  if (terms.pid > max_pid)
    return error{errc::invalid_argument, "owner_pid "
                                           + std::to_string(terms.pid)
                                           + " is no number of a process"};
  return unit{};
}

} // namespace fsshare
