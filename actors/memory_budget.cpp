// SPDX-License-Identifier: Apache-2.0
#include "actors/memory_budget.hpp"

#include <utility>

namespace fsshare {

memory_budget_state::memory_budget_state(handle::pointer self,
                                         std::uint64_t total)
  : self_(self), budget_(total) {
}

memory_budget_state::~memory_budget_state() {
  for (auto& entry : waiting_)
    entry.second.promise.deliver(
      to_caf({errc::aborted, "the node agent is shutting down"}));
}

memory_budget_state::handle::behavior_type
memory_budget_state::make_behavior() {
  return {
    [this](const reserve_bytes& msg) -> caf::result<bytes_reserved> {
      const reply_promise<bytes_reserved> promise{self_};
      waiting_.emplace(++last_, pending{msg.bytes, promise});
      budget_.ask(last_, msg.owner, msg.bytes, msg.use);
      grant();
      return promise;
    },
    [this](memory_status_request) {
      return memory_status{budget_.used(), budget_.total(), budget_.waiting()};
    },
    [this](const lease_changed& msg) {
      budget_.shrink(msg.lease, msg.bytes);
      grant();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

metrics_part memory_budget_state::measure() const {
  const auto used = static_cast<double>(budget_.used());
  const auto total = static_cast<double>(budget_.total());
  metrics_part out;
  out.metrics.add("kata_fsshare_copy_memory_bytes", used, {"used"});
  out.metrics.add("kata_fsshare_copy_memory_bytes", total, {"limit"});
  out.metrics.add("kata_fsshare_copy_memory_waiting",
                  static_cast<double>(budget_.waiting()));
  return out;
}

// What nobody is there to take comes back when the answer is destroyed.
void memory_budget_state::grant() {
  for (const auto id : budget_.grant()) {
    const auto i = waiting_.find(id);
    auto granted = std::move(i->second);
    waiting_.erase(i);
    granted.promise.deliver(bytes_reserved{std::make_shared<const byte_lease>(
      granted.bytes, [id, to = handle{self_}](std::uint64_t bytes) {
        tell(to, lease_changed{id, bytes});
      })});
  }
}

} // namespace fsshare
