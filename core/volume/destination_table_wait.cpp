// SPDX-License-Identifier: Apache-2.0
#include "core/volume/destination_table.hpp"

#include <utility>

namespace fsshare {

void destination_table::await_current(destination_id id, std::uint64_t waiter,
                                      time_point now) {
  auto* d = find(id);
  if (d == nullptr) {
    actions_.emplace_back(current_reached{
      waiter, error{errc::aborted, "the copy is being taken away"}});
    return;
  }
  if (const auto* end = d->end()) {
    actions_.emplace_back(current_reached{waiter, end->why});
    return;
  }
  if (const auto* why = d->copy.held(now)) {
    actions_.emplace_back(current_reached{waiter, *why});
    return;
  }
  auto& v = volumes_.at(d->spec.volume);
  d->waiting.push_back({waiter, last_ticket_, v.host.begun(), std::nullopt});
  // A copy that failed to follow need not wait for its retry.
  d->copy.send_now();
  // Neither need a read that failed.
  v.host.hint(v.host.unread_since() ? volume_hint::read_now : volume_hint::look,
              now);
  touch(id, *d);
}

// Counts what the host has, so that a newer generation than the wanted one will
// do: a volume that rotates all the time is never at rest.
void destination_table::answer_waiting(destination& d, const volume& v,
                                       time_point now) {
  const auto& live = d.copy.acknowledged();
  if (live && live == v.host.current())
    d.live_sequence = v.host.sequence();
  else if (live && live == d.pushed)
    d.live_sequence = d.pushed_sequence;
  if (d.waiting.empty())
    return;
  for (auto& one : d.waiting)
    if (!one.wanted && v.host.confirmed() > one.after)
      one.wanted = v.host.sequence();
  if (!live || !d.copy.whole())
    return;
  std::erase_if(d.waiting, [&](const waiting_caller& one) {
    const bool reached = one.wanted && *one.wanted <= d.live_sequence;
    if (!reached)
      return false;
    d.copy.keep_sealed(now);
    actions_.emplace_back(current_reached{
      one.waiter, first_copy_done{*live, d.copy.skipped(), v.notes}});
    return true;
  });
}

void destination_table::fail_waiting(destination& d, const error& why) {
  for (const auto& one : std::exchange(d.waiting, {}))
    actions_.emplace_back(current_reached{one.waiter, why});
}

} // namespace fsshare
