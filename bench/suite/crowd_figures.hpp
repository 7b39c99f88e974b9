// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/figure.hpp"

namespace fsshare::bench {

/// What many sandboxes cost when nothing happens, when all volumes rotate, and
/// at a start.
std::vector<figure_group> crowd_figures();

} // namespace fsshare::bench
