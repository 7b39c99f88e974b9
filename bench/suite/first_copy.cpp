// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/first_copy.hpp"

namespace fsshare::bench {

sample first_copy(const made_tree& tree, const side_maker& make,
                  const taking& how) {
  const auto copies = make();
  auto out = how(*copies, [&] {
    copies->share(tree.path(), 1);
  });
  out.requests = copies->end_guest();
  return out;
}

} // namespace fsshare::bench
