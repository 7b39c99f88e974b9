// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/copying_side.hpp"
#include "bench/suite/rotating_volumes.hpp"
#include "bench/suite/row.hpp"

#include <memory>
#include <string>

namespace fsshare::bench {

struct rotation_work {
  rotation_shape shape;
  guest_kind guest;
  /// How often all rotate in one run.
  int rotations = 10;
  machine_load load = machine_load::quiet;
  pacing pace = pacing::usual;
};

/// Returns the work in words for people.
std::string words_of(const rotation_work& work);

/// What copies, and what it keeps up to date; lives for all runs of a row.
class rotating_side {
public:
  rotating_side(std::unique_ptr<copying_side> by, const rotation_shape& shape)
    : by_(std::move(by)), volumes_(by_->sharer(), shape) {
  }

  /// Rotates several times, each after the last has arrived everywhere.
  sample run(int rotations, const taking& how);

private:
  std::unique_ptr<copying_side> by_;
  rotating_volumes volumes_;
};

/// Starts what copies, shares the volumes, and returns what rotates them.
side rotating(std::string name, std::unique_ptr<copying_side> by,
              const rotation_work& work);

} // namespace fsshare::bench
