// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

void guest_proxy_state::add_removal(
  const std::string& guest_root,
  std::function<void(const order_outcome&)> ended) {
  // The directory that holds all copies belongs to root.
  removal_order order{{removal_step(guest_root, 0, 0)}};
  add_job({0,
           std::nullopt,
           guest_job{guest_order{std::move(order)}},
           {},
           [this, guest_root,
            ended = std::move(ended)](const order_outcome& outcome) {
             owe(guest_root, outcome.removals.front(), outcome.err);
             ended(outcome);
           },
           {},
           {},
           {guest_root}});
}

// Notes what became of a removal.
void guest_proxy_state::owe(const std::string& guest_root,
                            removal_result result, const error& why) {
  debts_.tried(guest_root, result, why.message, now());
  if (!is_ending_)
    arm();
}

// Ends what still changes a copy that nobody waits for any more.
void guest_proxy_state::abandon(const std::string& guest_root) {
  for (auto& active : jobs_)
    if (active.job.concerns(guest_root))
      active.job.fail({errc::aborted, "the copy is not wanted any more"});
  end_jobs();
}

bool guest_proxy_state::is_changing(const std::string& guest_root) const {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [&guest_root](const active_job& active) {
                       return active.job.concerns(guest_root);
                     });
}

void guest_proxy_state::pay_debts() {
  for (const auto& path : debts_.take_due(now())) {
    // What is in flight could make it again behind the removal.
    if (is_changing(path))
      debts_.tried(path, removal_result::failed,
                   "requests for it have no answer yet", now());
    else
      add_removal(path, [](const order_outcome&) {});
  }
}

// The one before this may have died with requests in flight.
void guest_proxy_state::inherit(const guest_legacy& legacy) {
  has_stragglers_ = true;
  budget_ = legacy.budget;
  debts_ = legacy.debts;
  arm();
}

} // namespace fsshare
