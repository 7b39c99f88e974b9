// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/text/base64.hpp"
#include "json/members.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace fsshare {

/// Decodes a mount option `<prefix><base64 of a JSON object>`.
/// @param read Takes the object's members, as `read(json_members&, T&)`.
/// @returns `errc::invalid_argument` naming the prefix, never what followed.
template <class T, class Reader>
result<T> decode_option(std::string_view option, std::string_view prefix,
                        Reader read) {
  const auto refused = [prefix](const std::string& why) {
    return error{errc::invalid_argument,
                 "option " + std::string{prefix} + "...: " + why};
  };
  const auto text = decode_base64(option.substr(prefix.size()));
  if (!text)
    return refused("no standard base64 with padding follows");
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (json.is_discarded())
    return refused("the decoded base64 is not JSON");
  if (!json.is_object())
    return refused("the decoded base64 is not a JSON object");
  T out;
  json_members members{json};
  read(members, out);
  if (members.failure())
    return refused(*members.failure());
  return out;
}

} // namespace fsshare
