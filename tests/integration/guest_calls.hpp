// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fsshare::test {

/// Returns the frame of a CopyFile that sends a whole regular file; `name` is
/// below the share.
bytes copy_file_frame(std::uint32_t stream, const std::string& name,
                      std::string_view data);

/// Returns the frame of a Health/Check.
bytes check_frame(std::uint32_t stream);

/// Returns the code that a response frame says.
errc code_of(byte_view payload);

} // namespace fsshare::test
