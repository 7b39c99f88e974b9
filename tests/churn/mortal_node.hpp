// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/churn/random_payload.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <string>

namespace fsshare::churn {

/// fsshared, which is killed now and then, and started again sooner or later: a
/// copy of the program, which may be built anew meanwhile.
class mortal_node {
public:
  /// Starts it, and waits until it takes calls.
  mortal_node(std::string share_root, const std::string& config);

  /// Kills it within milliseconds from now, whatever it does then. It stays
  /// away for up to some rotations, or is started at once, and then perhaps
  /// killed again while it goes on with what it finds.
  void kill(random_source& from);

  /// There was a rotation.
  void rotated();

  /// Starts it if it is away, and waits until it takes calls.
  void revive();

  const std::string& share_root() const {
    return share_root_;
  }
  test::killed_node& node() {
    return node_;
  }
  /// Returns how often it was killed.
  std::size_t kills() const {
    return kills_;
  }
  /// Returns how often it ended before it was killed.
  std::size_t ends() const {
    return ends_;
  }

private:
  void kill_now();

  const test::temp_dir dir_;
  const std::string share_root_;
  test::killed_node node_;
  bool is_away_ = false;
  std::uint64_t away_for_ = 0;
  std::size_t kills_ = 0;
  std::size_t ends_ = 0;
};

} // namespace fsshare::churn
