// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/churn/random_payload.hpp"
#include "tests/support/rotation_lag.hpp"
#include "tests/support/rotator.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare::churn {

/// Volumes on the host, of all kinds and in the orders of all kubelets, and
/// what was done to them. For one thread.
class kubelet {
public:
  /// Makes the volumes, whole.
  /// @param root Where `pods/` is made.
  kubelet(const std::string& root, std::uint64_t volumes, std::uint64_t seed);

  /// Rotates a volume. Sometimes it is only compared, as a kubelet does that
  /// has nothing to write; sometimes the kubelet dies on the way, or before a
  /// rotation that died is taken up again.
  void rotate(std::size_t volume);

  /// Brings what has died to its end, as a kubelet that is started again.
  void settle();

  std::size_t volumes() const {
    return volumes_.size();
  }
  const std::string& dir(std::size_t volume) const {
    return volumes_.at(volume).dir;
  }
  /// Returns the rotations whose rename was made, in their order.
  const std::vector<test::made_rotation>& made(std::size_t volume) const {
    return volumes_.at(volume).made;
  }
  /// Returns the number of them over all volumes.
  std::size_t rotations() const;
  /// Returns how many rotations died on the way.
  std::size_t died() const {
    return died_;
  }

private:
  struct one_volume {
    std::string dir;
    payload_rules rules;
    random_source random;
    test::rotator steps;
    test::payload wanted;
    std::vector<test::made_rotation> made{};
    bool has_died = false;
  };

  static one_volume make_volume(const std::string& root, std::uint64_t number,
                                std::uint64_t seed);
  void write(one_volume& v);

  std::vector<one_volume> volumes_;
  std::size_t died_ = 0;
};

} // namespace fsshare::churn
