// SPDX-License-Identifier: Apache-2.0
#include "core/destination_table.hpp"

namespace fsshare {

// Returns the volume whose request is answered, if that still waits for it.
destination_table::volume*
destination_table::answered(const volume_ticket& asked) {
  auto* v = find(asked.volume);
  if (v == nullptr || v->ticket != asked.number)
    return nullptr;
  v->ticket = 0;
  touch(asked.volume);
  return v;
}

bool destination_table::watched(const volume_ticket& asked,
                                const status& placed, time_point now) {
  auto* v = answered(asked);
  if (v == nullptr)
    return false;
  if (!placed && placed.err().code == errc::deadline_exceeded)
    fail_first_copies(*v, placed.err(), now);
  return v->host.watched(placed, now);
}

void destination_table::awaited(const volume_ticket& asked,
                                const status& placed) {
  if (auto* v = answered(asked))
    v->host.awaited(placed);
}

void destination_table::looked(const volume_ticket& asked,
                               const result<volume_look>& seen,
                               time_point now) {
  auto* v = answered(asked);
  if (v == nullptr)
    return;
  v->host.looked(seen, now);
  if (v->host.is_missing())
    fail_first_copies(*v, seen.err(), now);
  else if (v->host.hopeless())
    fail_first_copies(*v, *v->host.hopeless(), now);
}

void destination_table::read(const volume_ticket& asked,
                             const result<volume_snapshot_ptr>& got,
                             time_point now) {
  auto* v = answered(asked);
  if (v == nullptr)
    return;
  v->host.read(got, now);
  if (v->host.hopeless())
    fail_first_copies(*v, *v->host.hopeless(), now);
  else if (!got && got.err().code != errc::aborted)
    fail_first_copies(*v, got.err(), now);
}

// What cannot be read can never have a first copy.
void destination_table::fail_first_copies(volume& v, const error& why,
                                          time_point now) {
  for (auto& entry : v.destinations) {
    auto& d = entry.second;
    fail_waiting(d, why);
    if (!d.first_answered && !d.leaving)
      begin_leaving(d, why, now);
  }
}

} // namespace fsshare
