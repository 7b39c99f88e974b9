// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string_view>
#include <system_error>

namespace fsshare::guest {

/// How guest agents report a failed system call: always INTERNAL, in words
/// that depend on the Rust library that made the call. `std::errc{}` becomes
/// success.
///
/// As Rust's standard library: `WHAT: No such file or directory (os error 2)`;
/// `what` may be empty.
status io_status(std::string_view what, std::errc error);

/// As the nix crate: `WHAT: ENOENT: No such file or directory`; `what` may be
/// empty.
status nix_status(std::string_view what, std::errc error);

} // namespace fsshare::guest
