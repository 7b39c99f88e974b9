// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include "core/volume_memory.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Most volumes take less, with a copy that is on its way.
constexpr std::uint64_t usual_volume_bytes = std::uint64_t{1} << 20;

} // namespace

void registry_state::ask_reader(const ask_volume& action) {
  const auto path = action.volume;
  if (action.request == volume_request::read) {
    const auto expected = action.memory_bytes + action.memory_bytes / 8;
    read_volume(action, std::max(memory_with_copies(expected, action.copies),
                                 usual_volume_bytes));
    return;
  }
  ask(self_, reader_,
      look_at_volume{path, action.request == volume_request::look_closely})
    .then(
      [this, path](const volume_look& seen) {
        table_.looked(path, seen, now());
        act();
      },
      [this, path](caf::error& err) {
        table_.looked(path, from_caf(err), now());
        act();
      });
}

void registry_state::read_volume(const ask_volume& action, std::uint64_t room) {
  const auto use
    = action.memory_bytes > 0 ? budget_use::rotation : budget_use::first_copy;
  ask(self_, memory_, reserve_bytes{room, use, 0})
    .then(
      [this, action](bytes_reserved& got) {
        read_volume(action, std::move(got.lease));
      },
      [this, path = action.volume](caf::error& err) {
        read_failed(path, from_caf(err));
      });
}

// What needs more memory than it got gives that back and asks for enough.
void registry_state::read_volume(const ask_volume& action,
                                 byte_lease_ptr memory) {
  ask(self_, reader_,
      read_generation{action.volume, std::move(memory), action.copies})
    .then(
      [this, action](const generation_read& got) {
        if (!got.snapshot) {
          read_volume(action, got.needed);
          return;
        }
        table_.read(action.volume, got.snapshot, now());
        act();
      },
      [this, path = action.volume](caf::error& err) {
        read_failed(path, from_caf(err));
      });
}

void registry_state::read_failed(const std::string& path, const error& why) {
  table_.read(path, why, now());
  act();
}

} // namespace fsshare
