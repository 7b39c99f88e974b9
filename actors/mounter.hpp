// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/look_pace.hpp"
#include "messages/metrics.hpp"
#include "messages/mounter.hpp"
#include "messages/state_actor.hpp"
#include "sys/mount/mount_runner.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace fsshare {

/// What MOUNTER owns: the way to the mount namespace that it works in, and when
/// it looks at what the host unmounts. It blocks, so that it is spawned with
/// spawn_blocking().
class mounter_state {
public:
  using handle = measured<mounter_actor>;
  static constexpr const char* name = "mounter";

  /// Lets go of mounts where that may block.
  using let_go = std::function<void(std::vector<opened_source_ptr>)>;

  /// @param executor Not null; used by this actor only.
  mounter_state(handle::pointer self, std::shared_ptr<mount_executor> executor,
                let_go close = nullptr);

  handle::behavior_type make_behavior();

private:
  void look_later(std::optional<look_pace::time_point> when);
  void look();
  void count(const mount_plan& plan, bool is_done);
  metrics_part measure() const;

  handle::pointer self_;
  std::shared_ptr<mount_executor> executor_;
  let_go let_go_;
  look_pace pace_;
  metric_set counted_;
};

using mounter = state_actor<mounter_state>;

} // namespace fsshare
