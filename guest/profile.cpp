// SPDX-License-Identifier: Apache-2.0
#include "guest/profile.hpp"

namespace fsshare::guest {

std::optional<profile> parse_profile(std::string_view text) {
  if (text == "3.3")
    return profile::v3_3;
  if (text == "3.18")
    return profile::v3_18;
  if (text == "4.0")
    return profile::v4_0;
  if (text == "4.2")
    return profile::v4_2;
  return std::nullopt;
}

std::string_view agent_version(profile which) {
  switch (which) {
  case profile::v3_3: return "3.16.0";
  case profile::v3_18: return "3.30.0";
  case profile::v4_0: return "4.1.0";
  case profile::v4_2: break;
  }
  return "4.2.0";
}

} // namespace fsshare::guest
