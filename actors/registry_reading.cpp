// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include "core/volume/volume_memory.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Most volumes take less, with a copy that is on its way.
constexpr std::uint64_t usual_volume_bytes = std::uint64_t{1} << 20;

} // namespace

// What the rotation waits for otherwise is had before it comes: kubelets make a
// generation's directory before they write to it, and flip when that is done.
void registry_state::expect_rotation(const std::string& volume) {
  expect_no_more(volume);
  expect_pushes(volume);
  reserve_ahead();
}

// For the next read, of whichever volume; with its end it is given back, at the
// latest.
void registry_state::reserve_ahead() {
  if (ahead_ || is_reserving_ahead_)
    return;
  is_reserving_ahead_ = true;
  ask(self_, memory_,
      reserve_bytes{usual_volume_bytes, budget_use::rotation, 0})
    .then(
      [this](bytes_reserved& got) {
        is_reserving_ahead_ = false;
        // It may be what they wait for.
        if (reads_waiting_ == 0)
          ahead_ = std::move(got.lease);
      },
      [this](caf::error&) {
        is_reserving_ahead_ = false;
      });
}

void registry_state::ask_reader(const ask_volume& action) {
  const auto asked = action.ticket;
  if (action.request == volume_request::read) {
    const auto expected = action.memory_bytes + action.memory_bytes / 8;
    read_volume(action, std::max(memory_with_copies(expected, action.copies),
                                 usual_volume_bytes));
    return;
  }
  ask(self_, reader_,
      look_at_volume{asked.volume,
                     action.request == volume_request::look_closely})
    .then(
      [this, asked](const volume_look& seen) {
        table_.looked(asked, seen, now());
        act();
      },
      [this, asked](caf::error& err) {
        const auto why = from_caf(err);
        note_read(asked, why);
        table_.looked(asked, why, now());
        act();
      });
}

void registry_state::read_volume(const ask_volume& action, std::uint64_t room) {
  if (ahead_ && room <= usual_volume_bytes) {
    read_volume(action, std::exchange(ahead_, nullptr));
    return;
  }
  // Who waits holds nothing that he may be waiting for.
  ahead_.reset();
  ++reads_waiting_;
  const auto use
    = action.memory_bytes > 0 ? budget_use::rotation : budget_use::first_copy;
  ask(self_, memory_, reserve_bytes{room, use, 0})
    .then(
      [this, action](bytes_reserved& got) {
        --reads_waiting_;
        read_volume(action, std::move(got.lease));
      },
      [this, asked = action.ticket](caf::error& err) {
        --reads_waiting_;
        have_read(asked, from_caf(err));
      });
}

// What needs more memory than it got gives that back and asks for enough.
void registry_state::read_volume(const ask_volume& action,
                                 byte_lease_ptr memory) {
  ask(self_, reader_,
      read_generation{action.ticket.volume, std::move(memory), action.copies})
    .then(
      [this, action](const generation_read& got) {
        if (!got.snapshot) {
          read_volume(action, got.needed);
          return;
        }
        have_read(action.ticket, got.snapshot);
      },
      [this, asked = action.ticket](caf::error& err) {
        have_read(asked, from_caf(err));
      });
  expect_pushes(action.ticket.volume);
}

void registry_state::have_read(const volume_ticket& asked,
                               const result<volume_snapshot_ptr>& got) {
  note_read(asked, got);
  table_.read(asked, got, now());
  act();
  expect_no_more(asked.volume);
  ahead_.reset();
}

} // namespace fsshare
