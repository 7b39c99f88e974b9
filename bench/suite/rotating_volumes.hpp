// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/data_observer.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <functional>
#include <string>
#include <vector>

namespace fsshare::bench {

/// How much rotates at once.
struct rotation_shape {
  int volumes = 1;
  /// Containers that have each volume.
  int destinations = 1;
  int keys = 10;
};

/// Volumes on the host, shared by one side, and an eye on all their copies.
class rotating_volumes {
public:
  /// Shares a volume for a container of that number, and returns where in the
  /// directory of the guest's share its copy is.
  using sharer = std::function<std::string(const std::string&, int)>;

  /// Makes and shares them.
  rotating_volumes(const sharer& share, const rotation_shape& shape);

  /// Rotates all of them as fast as it can.
  void start_rotation();

  /// Waits until the last copy shows what the last rename made; throws if one
  /// does not within minutes.
  /// @returns for each copy how long it took from the rename of its volume.
  std::vector<double> await_arrival();

  std::vector<double> rotate() {
    start_rotation();
    return await_arrival();
  }

private:
  struct one_volume {
    test::rotator kubelet;
    test::data_observer::clock::time_point flipped{};
  };

  rotation_shape shape_;
  int rotations_ = 0;
  test::temp_dir dir_;
  std::vector<one_volume> volumes_;
  /// Of each copy, in the order in which they are observed: its volume.
  std::vector<std::size_t> volume_of_;
  test::data_observer observer_;
};

} // namespace fsshare::bench
