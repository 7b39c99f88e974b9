// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace fsshare::ttrpc {

/// Hands what libprotobuf would write to stderr, such as a string of a peer
/// that is not UTF-8, to `to`, which any thread may call and which must not
/// throw. For the whole process.
void catch_protobuf_messages(std::function<void(const std::string&)> to);

} // namespace fsshare::ttrpc
