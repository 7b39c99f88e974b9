// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fsshare {

/// What happened.
enum class event_id : std::uint8_t {
  call_audited,
  sandbox_prepared,
  sandbox_cleaned,
  sandbox_adopted,
  sandbox_unfinished,
  sandbox_lost,
  share_lost,
  owner_changed,
  owner_gone,
  orphan_ended,
  orphan_kept,
  file_shared,
  file_unshared,
  rootfs_shared,
  guest_connected,
  guest_lost,
  guest_empty,
  guest_unreachable,
  volume_hinted,
  events_lost,
  watch_placed,
  watch_failed,
  volume_gone,
  generation_read,
  read_failed,
  push_begun,
  generation_live,
  push_superseded,
  push_failed,
  removal_failed,
};

struct known_node_event {
  event_id id;
  /// Stable; in kebab case. That of the line in the log, where there is one.
  std::string_view name;
  /// Something failed, or was lost.
  bool is_trouble;
  /// What it means to an operator.
  std::string_view about;
};

/// Every event that is kept, in the order of event_id.
inline constexpr auto known_node_events = std::to_array<known_node_event>({
  {event_id::call_audited, "call-audited", false,
   "A call that changes something was answered."},
  {event_id::sandbox_prepared, "sandbox-prepared", false, "Prepare succeeded."},
  {event_id::sandbox_cleaned, "sandbox-cleaned", false, "Cleanup succeeded."},
  {event_id::sandbox_adopted, "sandbox-adopted", false,
   "A sandbox that an earlier process prepared goes on."},
  {event_id::sandbox_unfinished, "sandbox-unfinished", false,
   "What an earlier process did not end of a sandbox is cleaned up."},
  {event_id::sandbox_lost, "sandbox-lost", true,
   "What an earlier process mounted for a sandbox is gone; only Cleanup is "
   "left "
   "for it."},
  {event_id::share_lost, "share-lost", true,
   "Somebody has unmounted what an earlier process shared."},
  {event_id::owner_changed, "owner-changed", false,
   "Another process owns the sandbox from now on, or nobody does."},
  {event_id::owner_gone, "owner-gone", true,
   "The process that a sandbox lives and dies with has ended without Cleanup."},
  {event_id::orphan_ended, "orphan-ended", true,
   "A sandbox without its owner was ended, as by Cleanup."},
  {event_id::orphan_kept, "orphan-kept", true,
   "It could not be; it is tried again."},
  {event_id::file_shared, "file-shared", false, "A share is ready."},
  {event_id::file_unshared, "file-unshared", false, "A share has ended."},
  {event_id::rootfs_shared, "rootfs-shared", false,
   "A root filesystem is ready."},
  {event_id::guest_connected, "guest-connected", false,
   "The guest agent was reached."},
  {event_id::guest_lost, "guest-lost", true,
   "The connection to the guest agent ended."},
  {event_id::guest_empty, "guest-empty", true,
   "The guest came back without what it was sent."},
  {event_id::guest_unreachable, "guest-unreachable", true,
   "No connection within `guest.dial_timeout`."},
  {event_id::volume_hinted, "volume-hinted", false,
   "The kernel said that something of a volume has changed, or may have."},
  {event_id::events_lost, "events-lost", true,
   "The kernel's event queue overflowed; all volumes are compared."},
  {event_id::watch_placed, "watch-placed", false,
   "A volume that was polled is watched again."},
  {event_id::watch_failed, "watch-failed", true,
   "A volume is polled instead of watched."},
  {event_id::volume_gone, "volume-gone", false,
   "A volume's directory is not there any more."},
  {event_id::generation_read, "generation-read", false,
   "A generation of a volume was read from the disk."},
  {event_id::read_failed, "read-failed", true,
   "A volume could not be looked at or read; it is tried again."},
  {event_id::push_begun, "push-begun", false,
   "A generation is being sent to a guest."},
  {event_id::generation_live, "generation-live", false,
   "The guest acknowledged the flip to a generation."},
  {event_id::push_superseded, "push-superseded", false,
   "A push was given up for a newer generation, or for the end of its share."},
  {event_id::push_failed, "push-failed", true,
   "A guest copy stays at its old generation for now; it is tried again."},
  {event_id::removal_failed, "removal-failed", true,
   "What should be gone from a guest is still there; it is tried again."},
});

/// Returns the entry of an id.
constexpr const known_node_event& entry_of(event_id id) {
  return known_node_events[static_cast<std::size_t>(id)];
}

/// Who called, of a call that was audited.
struct event_caller {
  std::uint32_t uid = 0;
  /// In our PID namespace; 0 where it is not known.
  std::int32_t pid = 0;
  /// One of ours, not the client's text.
  std::string method;
  errc code = errc::none;
  /// Empty where the caller named none.
  std::string trace_id = {};
};

/// Something that an actor did, or noticed, as it tells it: names and numbers,
/// nothing is made into a sentence before somebody reads it. Never contents.
struct node_event {
  event_id id = event_id::call_audited;
  std::string sandbox_id = {};
  std::string container_id = {};
  std::string share_id = {};
  /// Root of the volume on the host, or source of another share.
  std::string volume = {};
  std::string generation = {};
  /// Why something failed, or of what kind it is.
  std::string detail = {};
  /// Of generation_live.
  std::chrono::nanoseconds lag{0};
  /// Of generation_live: the host has a newer one by now.
  bool is_superseded = false;
  /// Of what has failed: since the last success, this one counted.
  std::uint64_t failures = 0;
  /// Until it is tried again; nothing where nobody knows, or at once.
  std::optional<std::chrono::nanoseconds> next_try = std::nullopt;
  /// Null unless it is a call.
  std::shared_ptr<const event_caller> caller = nullptr;
};

/// Returns what happened as a sentence for people.
std::string sentence(const node_event& of);

} // namespace fsshare
