// SPDX-License-Identifier: Apache-2.0
#include "guest/fault_plan.hpp"

namespace fsshare::guest {

fault_plan::fault_plan(const fault_options& options) : options_(options) {
}

fate fault_plan::next(request_kind kind) {
  ++requests_;
  if (options_.hang_after != 0 && requests_ > options_.hang_after)
    return fate::hung;
  if (options_.drop_after != 0 && !has_dropped_
      && requests_ > options_.drop_after) {
    has_dropped_ = true;
    return fate::dropped;
  }
  if (kind != request_kind::copy_file)
    return fate::carried_out;
  if (options_.deny_after != 0 && requests_ > options_.deny_after)
    return fate::denied;
  ++copies_;
  if (options_.fail_every != 0 && copies_ % options_.fail_every == 0)
    return fate::failed;
  return fate::carried_out;
}

} // namespace fsshare::guest
