// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string_view>

namespace fsshare {

/// Returns the code for an errno value; `errc::internal` for those that say
/// nothing about what the caller could do.
errc errno_code(int number) noexcept;

/// Describes a failed system call: `CALL SUBJECT: No such file or directory`.
/// @param number errno as the call left it.
/// @param call What was tried, such as `open` or `bind mount`.
/// @param subject What it was tried on, such as `/a/b` or `/a -> /b`.
error errno_error(int number, std::string_view call, std::string_view subject);

} // namespace fsshare
