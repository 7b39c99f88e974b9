// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <string>
#include <vector>

namespace fsshare::bench {

/// One number about fsshared that is compared with an aim only.
struct figure {
  std::string what;
  double value = 0;
  std::string unit;
  /// What it is to be at most; 0: nothing is aimed at.
  double most = 0;

  bool is_met() const {
    return most <= 0 || value <= most;
  }
};

/// Some figures that are measured together, under an id as that of a row.
struct figure_group {
  std::string id;
  extent since = extent::usual;
  std::vector<figure> (*measure)();
};

} // namespace fsshare::bench
