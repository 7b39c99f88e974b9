// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace fsshare::test {

/// Returns the reference of a control API: what is said of its calls, messages
/// and enums, and of each field, as Markdown.
/// @param descriptors What `protoc --include_source_info --descriptor_set_out`
///        makes of one file. Throws where it is something else.
std::string api_as_markdown(const std::string& descriptors);

} // namespace fsshare::test
