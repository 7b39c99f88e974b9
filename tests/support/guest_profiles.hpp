// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_profile.hpp"
#include "guest/profile.hpp"

#include <array>
#include <string>

namespace fsshare::test {

/// Every kind of guest agent that the stand-in can be.
constexpr std::array all_profiles{guest::profile::v3_3, guest::profile::v3_18,
                                  guest::profile::v4_0, guest::profile::v4_2};

/// As `guest.no_implicit_parents_from` says it of them.
constexpr const char* no_implicit_parents_from = "4.2";

/// Draws one of them.
template <class Chooser>
guest::profile any_profile(Chooser& choose) {
  return all_profiles.at(choose.pick(all_profiles.size()));
}

/// Returns the rules for guest agents of a release such as `3.18`.
inline guest_profile rules_of_release(const std::string& release) {
  return profile_of(release + ".0",
                    parse_agent_release(no_implicit_parents_from));
}

/// Returns the rules for the stand-in.
inline guest_profile rules_of(guest::profile which) {
  return profile_of(guest::agent_version(which),
                    parse_agent_release(no_implicit_parents_from));
}

} // namespace fsshare::test
