// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/rotator.hpp"

#include <cstdint>
#include <random>

namespace fsshare::churn {

using random_source = std::mt19937_64;

/// Returns a number below `count`, which is not 0.
std::uint64_t pick(random_source& from, std::uint64_t count);

/// Returns true once in `count` times.
bool once_in(random_source& from, std::uint64_t count);

/// What a volume may hold.
struct payload_rules {
  /// Keys of some users other than root.
  bool with_users = false;
  /// A key of 1 MiB.
  bool with_large = false;
  /// Keys that end in `.tmp`: some guest agents cannot give them an owner or
  /// mode other than root's 0644, so they have these and are not for volumes
  /// of a group.
  bool with_tmp = false;
};

/// Returns contents for a new volume: at least one key, nested ones, empty
/// ones, and such as guest agents collect under the same temporary name.
test::payload first_payload(random_source& from, const payload_rules& rules);

/// Changes the content of at least one key, so that the kubelet writes it;
/// adds and deletes others, changes modes, makes a file of a directory.
void change_payload(test::payload& files, random_source& from,
                    const payload_rules& rules);

} // namespace fsshare::churn
