// SPDX-License-Identifier: Apache-2.0
#include "core/volume/destination_table.hpp"

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

void destination_table::begun(const std::string& path,
                              const std::string& generation) {
  if (auto* v = find(path))
    v->begun = generation;
}

bool destination_table::watched(const volume_ticket& asked,
                                const result<directory_id>& placed,
                                time_point now) {
  auto* v = answered(asked);
  if (v == nullptr)
    return false;
  if (!placed && placed.err().code == errc::deadline_exceeded)
    fail_first_copies(*v, asked, placed.err(), now);
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
    fail_first_copies(*v, asked, seen.err(), now);
  else if (v->host.hopeless())
    fail_first_copies(*v, asked, *v->host.hopeless(), now);
}

void destination_table::read(const volume_ticket& asked,
                             const result<volume_snapshot_ptr>& got,
                             time_point now) {
  auto* v = answered(asked);
  if (v == nullptr)
    return;
  v->host.read(got, now);
  if (got) {
    auto losses = (*got)->tree.losses;
    v->notes = notes_of(losses += (*got)->others.losses);
  }
  if (v->host.hopeless())
    fail_first_copies(*v, asked, *v->host.hopeless(), now);
  else if (!got && got.err().code != errc::aborted)
    fail_first_copies(*v, asked, got.err(), now);
}

// What cannot be read can never have a first copy. Who came after it was asked
// has another answer to wait for: the volume may be another by then.
void destination_table::fail_first_copies(volume& v, const volume_ticket& asked,
                                          const error& why, time_point now) {
  bool is_wanted = false;
  for (auto& [id, d] : v.destinations) {
    std::erase_if(d.waiting, [&](const waiting_caller& one) {
      if (one.ticket >= asked.number)
        return false;
      actions_.emplace_back(current_reached{one.waiter, why});
      return true;
    });
    is_wanted |= !d.waiting.empty();
    if (!d.is<making>())
      continue;
    if (d.ticket >= asked.number) {
      is_wanted = true;
      continue;
    }
    fail_first(d, why, now);
    v.agenda.touch(id);
  }
  if (is_wanted)
    v.host.hint(volume_hint::read_now, now);
}

} // namespace fsshare
