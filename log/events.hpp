// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log_settings.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace fsshare::log {

/// An event that the program may log.
struct known_event {
  /// Stable; in kebab case.
  std::string_view name;
  log_level level;
  /// What it means to an operator, in Markdown without links.
  std::string_view about;
};

/// Every event there is; one that may have two levels stands here twice.
inline constexpr auto known_events = std::to_array<known_event>({
  {"started", log_level::info, "The node agent serves."},
  {"reloaded", log_level::info,
   "SIGHUP had the configuration read again; `changed` keys are in effect."},
  {"not-reloaded", log_level::warning,
   "What SIGHUP did not change: `keys` that take a restart, or everything, "
   "with "
   "what is wrong in the configuration."},
  {"stopping", log_level::info, "The node agent was told to end."},
  {"stopped", log_level::info, "The node agent has ended."},
  {"sandbox-prepared", log_level::info, "Prepare succeeded."},
  {"sandbox-cleaned", log_level::info, "Cleanup succeeded."},
  {"sandbox-adopted", log_level::info,
   "At the start: a sandbox that an earlier process prepared goes on."},
  {"sandbox-unfinished", log_level::info,
   "At the start: Prepare or Cleanup of a sandbox did not end; it is cleaned "
   "up."},
  {"sandbox-not-cleaned", log_level::warning,
   "At the start: what is left of a sandbox cannot be taken away, see `error`; "
   "after another Cleanup it may be."},
  {"sandbox-lost", log_level::warning,
   "At the start: what was mounted for a sandbox is not there any more, see "
   "`reason`; only Cleanup is left for it."},
  {"share-lost", log_level::warning,
   "At the start: somebody has unmounted a share, or a root filesystem; it is "
   "forgotten, and made again when it is asked for."},
  {"share-not-followed", log_level::warning,
   "At the start: a share keeps what the host unmounts until it ends, see "
   "`error`."},
  {"owner-gone", log_level::warning,
   "The process that a sandbox lives and dies with, its `pid`, has ended "
   "without Cleanup."},
  {"orphan-ended", log_level::warning,
   "A sandbox was ended, as by Cleanup, since its owner has been gone for "
   "`sandboxes.orphan_grace`."},
  {"orphan-kept", log_level::warning,
   "It could not be, see `reason`; it is tried again ever more rarely."},
  {"adoption-goes-on", log_level::warning,
   "At the start: what earlier processes left unfinished takes long; calls are "
   "taken all the same."},
  {"state-not-recorded", log_level::warning,
   "A state file could not be written, see `error`: a restart would not know "
   "the latest of a sandbox. It is tried again every second."},
  {"state-recorded", log_level::info, "All state files have the latest again."},
  {"state-set-aside", log_level::warning,
   "At the start: a state file cannot be taken for true, see `reason`; its "
   "sandbox is not known."},
  {"aside-removed", log_level::info,
   "A state file that was set aside was removed: nothing is left of its "
   "sandbox, or it was prepared anew."},
  {"states-unreadable", log_level::error,
   "At the start: the state directory cannot be read, so that no sandbox of "
   "earlier processes is known."},
  {"file-shared", log_level::info,
   "A share is ready; `kind` is `bind`, `volume`, `tree` or `ignored`."},
  {"rootfs-shared", log_level::info,
   "A root filesystem is ready; `kind` says how."},
  {"copy-differs", log_level::info,
   "What of a copy is not as on the host though it was copied, with numbers "
   "(`notes`)."},
  {"copy-audited", log_level::warning,
   "Something was copied that `copy.categories` would refuse with `deny`."},
  {"guest-connected", log_level::info,
   "`rules` is the first version of the range that the guest agent is treated "
   "as."},
  {"guest-lost", log_level::warning,
   "The connection ended; it is made again at once where the guest has copies "
   "that tell whether it still has them, and otherwise when there is something "
   "to send."},
  {"guest-empty", log_level::warning,
   "The guest came back without what it was sent; its volumes are copied "
   "again."},
  {"share-directory-owned", log_level::warning,
   "The guest's policy forbids what would give the directory that holds all "
   "copies back to root: it keeps the owner of the latest. Once per sandbox."},
  {"tree-lost", log_level::warning,
   "The guest has lost a copied tree or file, which follows no volume."},
  {"tree-copied-again", log_level::info,
   "The guest has it again, as the host has it now."},
  {"tree-not-copied-again", log_level::warning,
   "The guest has lost it for good; `reason` says why. What a container may "
   "have written to is not copied again."},
  {"guest-unreachable", log_level::warning,
   "No connection within `guest.dial_timeout`."},
  {"generation-live", log_level::info,
   "The guest acknowledged a generation; `lag_us` counts from the first hint "
   "of this one on the host; `superseded` if the host is ahead already."},
  {"push-failed", log_level::warning,
   "A guest copy stays at its old generation for now; it is tried again."},
  {"removal-failed", log_level::debug,
   "What should be gone from a guest is still there; it is tried again."},
  {"events-lost", log_level::warning,
   "The kernel's event queue overflowed; all volumes are compared."},
  {"watch-failed", log_level::warning,
   "A volume is polled instead; `error` names the limit to raise, `polled` "
   "counts such volumes."},
  {"watch-placed", log_level::info,
   "A volume that was polled is watched again."},
  {"volume-gone", log_level::info,
   "A volume's directory is not there any more, as when its pod was deleted."},
  {"inotify-unavailable", log_level::warning,
   "All volumes are polled until inotify can be opened."},
  {"host-unmounts-followed", log_level::info,
   "As many `mounts` were taken out of shares, since the host has unmounted "
   "them."},
  {"mounts-unwatched", log_level::warning,
   "Shares keep what the host unmounts until they end."},
  {"core-dumps-allowed", log_level::warning,
   "At the start: the kernel refuses a part of what keeps contents out of core "
   "dumps, see `error`; the rest holds."},
  {"older-system-calls", log_level::warning,
   "At the start: the kernel lacks the `calls`, or a seccomp filter denies "
   "them; older ones do their work, with the same results."},
  {"source-hangs", log_level::warning,
   "A read of a source, see `error`, has stood still for `sources.timeout`; "
   "`slow_reads` counts all that are slow or hang."},
  {"source-answers", log_level::info, "A read that stood still came back."},
  {"read-not-ended", log_level::warning,
   "At the end: a read that still hangs; it ends when its source answers."},
  {"orphan-removed", log_level::info,
   "`fssharectl gc` took away what an earlier process left of a sandbox."},
  {"share-root-unproven", log_level::warning,
   "At the start: whether hypervisors see the mounts below the share root "
   "could not be told for certain."},
  {"descriptors-few", log_level::warning,
   "Connections have used up the descriptors but 64: idle clients are "
   "disconnected."},
  {"descriptors-enough", log_level::info,
   "Connections have descriptors again."},
  {"io-callback-failed", log_level::error,
   "A fault of the node agent hit one connection or timer, see `error`; the "
   "others go on."},
  {"protobuf", log_level::warning,
   "What libprotobuf says of a message that it refused."},
  {"log-lines-dropped", log_level::warning,
   "Nobody took `count` lines in time; they are missing here."},
  {"log-lines-left-out", log_level::warning,
   "`count` repeats of the event `of` were not written."},
  {"actor-died", log_level::error,
   "A fault of the node agent ended a part of it; it ends with exit code 1, to "
   "be started again, and then goes on with what it has written down."},
  {"not-alive", log_level::error,
   "Nothing in the node agent was done for `limit`; whoever watches it may "
   "kill "
   "it."},
  {"api-call-failed", log_level::info,
   "A call was refused, and nothing was tried. The only line about it."},
  {"api-call-failed", log_level::warning,
   "A call failed and was undone. The only line about it."},
  {"call-audited", log_level::info,
   "A call changed something, or found it changed already; `uid` and `pid` "
   "made "
   "it, `trace_id` is of the trace that its caller named. Of one that failed "
   "`api-call-failed` says the same."},
  {"api-user-refused", log_level::warning,
   "A client's user is not one of `api.allowed_uids`."},
  {"api-client-does-not-read", log_level::warning,
   "A client was disconnected, its answers unread."},
  {"api-client-sends-nonsense", log_level::warning,
   "A client was disconnected: it sent frames of unknown types."},
  {"api-frame-overdue", log_level::warning,
   "A client was disconnected: it sent a part of a frame and no more for 30 "
   "s."},
  {"api-connections-exhausted", log_level::warning,
   "A client was disconnected: there were too many."},
  {"api-frames-exhausted", log_level::warning,
   "A client was disconnected: what it and others had begun to send was too "
   "much."},
  {"api-call", log_level::debug, "A call succeeded."},
});

/// The name of an event at a level, which the compiler looks up in the list.
template <log_level Level>
class event {
public:
  /// @param name A literal.
  consteval event(const char* name) // NOLINT(google-explicit-constructor)
    : name_(name) {
    const auto is_it
      = [name = std::string_view{name}](const known_event& each) {
          return each.name == name && each.level == Level;
        };
    if (std::none_of(known_events.begin(), known_events.end(), is_it))
      throw "not in known_events at this level";
  }

  constexpr std::string_view name() const {
    return name_;
  }

private:
  std::string_view name_;
};

} // namespace fsshare::log
