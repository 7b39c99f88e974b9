// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

namespace fsshare {

/// Returns the field of a message that cannot be decoded, such as
/// `mount.source`; a number where the type has no such field. Empty where none
/// can be told.
/// @param type What the bytes should be a message of.
std::string undecodable_field(const google::protobuf::Descriptor& type,
                              std::string_view encoded);

} // namespace fsshare
