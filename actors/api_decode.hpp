// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"

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

/// Returns the request, or INVALID_ARGUMENT with the field that is wrong.
template <class Message>
result<Message> decode_request(const bytes& payload) {
  Message out;
  if (out.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return out;
  const auto field
    = undecodable_field(*Message::descriptor(), as_text(payload));
  return error{errc::invalid_argument, out.GetTypeName() + " cannot be decoded"
                                         + (field.empty() ? "" : ": " + field)};
}

} // namespace fsshare
