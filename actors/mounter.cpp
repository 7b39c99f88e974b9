// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"

#include <utility>

namespace fsshare {

mounter_state::mounter_state(handle::pointer,
                             std::shared_ptr<mount_executor> executor)
  : executor_(std::move(executor)) {
}

mounter_actor::behavior_type mounter_state::make_behavior() {
  return {
    [this](const run_plan& request) {
      return to_reply(run(*request.plan, *executor_, request.sources));
    },
  };
}

} // namespace fsshare
