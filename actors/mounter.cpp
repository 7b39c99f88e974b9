// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"

#include "core/metrics/at_zero.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

bool follows_again(const mount_plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const auto& x) {
    return std::holds_alternative<follow_bind>(x);
  });
}

} // namespace

mounter_state::mounter_state(handle::pointer self,
                             std::shared_ptr<mount_executor> executor,
                             let_go close)
  : self_(self), executor_(std::move(executor)), let_go_(std::move(close)),
    counted_(at_zero({
      {"kata_fsshare_mount_plans_total", {"ok"}},
      {"kata_fsshare_mount_plans_total", {"failed"}},
      {"kata_fsshare_mount_steps_total", {"bind"}},
      {"kata_fsshare_mount_steps_total", {"unmount"}},
      {"kata_fsshare_mount_steps_total", {"make-sandbox"}},
      {"kata_fsshare_mount_steps_total", {"remove-sandbox"}},
    })) {
}

mounter_state::handle::behavior_type mounter_state::make_behavior() {
  return {
    [this](const run_plan& request) {
      auto done = run(*request.plan, *executor_, request.sources);
      count(*request.plan, bool{done});
      // What the host unmounted while nobody followed tells by no change.
      if (follows_again(*request.plan))
        look_later(pace_.changed(self_->clock().now()));
      return to_reply(std::move(done));
    },
    [this](const look_at_sandboxes& request) -> caf::result<sandboxes_seen> {
      auto looks = executor_->look_at(*request.sandboxes);
      if (!looks)
        return to_caf(looks.err());
      return sandboxes_seen{*std::move(looks)};
    },
    [this](const list_marks& request) {
      return to_reply(executor_->list_marks(request.copy_mark_dir));
    },
    [this](const host_mounts_changed&) {
      if (executor_->follows_host())
        look_later(pace_.changed(self_->clock().now()));
    },
    [this](const mounter_tick&) {
      look();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

metrics_part mounter_state::measure() const {
  metrics_part out{counted_};
  out.metrics.add("kata_fsshare_wiped_sandboxes",
                  static_cast<double>(executor_->count_wiped()));
  return out;
}

void mounter_state::count(const mount_plan& plan, bool is_done) {
  counted_.add("kata_fsshare_mount_plans_total", 1,
               {is_done ? "ok" : "failed"});
  if (!is_done)
    return;
  for (const auto& step : plan.steps)
    if (std::holds_alternative<make_bind>(step))
      counted_.add("kata_fsshare_mount_steps_total", 1, {"bind"});
    else if (std::holds_alternative<unmount>(step))
      counted_.add("kata_fsshare_mount_steps_total", 1, {"unmount"});
    else if (std::holds_alternative<make_sandbox_dir>(step))
      counted_.add("kata_fsshare_mount_steps_total", 1, {"make-sandbox"});
    else if (std::holds_alternative<remove_sandbox_dir>(step))
      counted_.add("kata_fsshare_mount_steps_total", 1, {"remove-sandbox"});
}

void mounter_state::look_later(std::optional<look_pace::time_point> when) {
  if (!when)
    return;
  const auto delay
    = std::max(*when - self_->clock().now(), look_pace::duration{0});
  tell_later(self_, handle{self_}, delay, mounter_tick{});
}

void mounter_state::look() {
  const auto begin = self_->clock().now();
  auto seen = executor_->follow_host();
  look_later(pace_.looked(begin, self_->clock().now(), seen && seen->is_all));
  if (!seen || seen->detached.empty())
    return;
  log::info("host-unmounts-followed", {{"mounts", seen->detached.size()}});
  if (let_go_)
    let_go_(std::move(seen->detached));
}

} // namespace fsshare
