// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/copying_side.hpp"
#include "bench/suite/made_tree.hpp"

#include <functional>
#include <memory>

namespace fsshare::bench {

/// Starts what copies, and its guest.
using side_maker = std::function<std::unique_ptr<copying_side>()>;

/// One copy of a tree by programs that were just started; its requests are all
/// that the guest has served.
sample first_copy(const made_tree& tree, const side_maker& make,
                  const taking& how);

} // namespace fsshare::bench
