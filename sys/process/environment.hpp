// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fsshare {

/// Returns the value of a variable, empty if there is none, and takes it out of
/// the environment. To be called before any thread starts.
std::string take_variable(const char* name);

/// Returns the decimal number that all of `text` is.
std::optional<std::uint64_t> number_in(const std::string& text);

} // namespace fsshare
