// SPDX-License-Identifier: Apache-2.0
#include "core/events/node_event.hpp"

#include "core/text/duration_text.hpp"

namespace fsshare {

namespace {

using namespace std::chrono_literals;

/// As an operator reads it: whole milliseconds, and less where it is less.
std::string short_text(std::chrono::nanoseconds time) {
  if (time < 0ns)
    time = 0ns;
  if (time >= 10s)
    return format_duration(std::chrono::floor<std::chrono::seconds>(time));
  if (time >= 10ms)
    return format_duration(std::chrono::floor<std::chrono::milliseconds>(time));
  return format_duration(std::chrono::floor<std::chrono::microseconds>(time));
}

std::string with_reason(const std::string& text, const std::string& reason) {
  return reason.empty() ? text : text + ": " + reason;
}

/// What follows on a failure.
std::string retry_of(const node_event& of) {
  std::string out;
  if (of.failures > 1)
    out += "; " + std::to_string(of.failures) + " failures in a row";
  if (of.next_try)
    out += "; next try in " + short_text(*of.next_try);
  return out;
}

std::string call_sentence(const node_event& of) {
  if (!of.caller)
    return "a call was answered";
  const auto& by = *of.caller;
  auto out = by.method + " by user " + std::to_string(by.uid);
  if (by.pid != 0)
    out += ", process " + std::to_string(by.pid);
  if (!by.trace_id.empty())
    out += ", trace " + by.trace_id;
  return out + ": " + to_string(by.code);
}

std::string live_sentence(const node_event& of) {
  return "the guest acknowledged generation " + of.generation + " after "
         + short_text(of.lag)
         + (of.is_superseded ? "; the host has a newer one already" : "");
}

std::string volume_sentence(const node_event& of) {
  switch (of.id) {
  case event_id::volume_hinted:
    return with_reason("the kernel told of a change of the volume", of.detail);
  case event_id::events_lost:
    return "events of the kernel were lost; all volumes are compared";
  case event_id::watch_placed: return "the volume is watched again";
  case event_id::watch_failed:
    return with_reason("the volume is polled, it cannot be watched", of.detail);
  case event_id::volume_gone: return "the volume is not there any more";
  case event_id::generation_read: return "read generation " + of.generation;
  case event_id::read_failed:
    return with_reason("the volume could not be read", of.detail)
           + retry_of(of);
  case event_id::push_begun: return "push of " + of.generation + " begun";
  case event_id::generation_live: return live_sentence(of);
  case event_id::push_superseded:
    return "push of " + of.generation + " given up";
  case event_id::push_failed:
    return with_reason("push failed", of.detail) + retry_of(of);
  case event_id::removal_failed:
    return with_reason("removal failed", of.detail) + retry_of(of);
  default: return {};
  }
}

std::string sandbox_sentence(const node_event& of) {
  switch (of.id) {
  case event_id::sandbox_prepared:
    return "the sandbox is prepared"
           + (of.detail.empty() ? "" : ", mode " + of.detail);
  case event_id::sandbox_cleaned: return "the sandbox is cleaned up";
  case event_id::sandbox_adopted:
    return "the sandbox of an earlier process goes on";
  case event_id::sandbox_unfinished:
    return "what an earlier process did not end is cleaned up";
  case event_id::sandbox_lost:
    return with_reason("the sandbox is lost, only Cleanup is left", of.detail);
  case event_id::share_lost: return "somebody has unmounted the share";
  case event_id::owner_changed: return "the owner is now " + of.detail;
  case event_id::owner_gone:
    return with_reason("the owner has ended without Cleanup", of.detail);
  case event_id::orphan_ended: return "the sandbox was ended without its owner";
  case event_id::orphan_kept:
    return with_reason("the sandbox without its owner is kept", of.detail);
  default: return volume_sentence(of);
  }
}

} // namespace

std::string sentence(const node_event& of) {
  switch (of.id) {
  case event_id::call_audited: return call_sentence(of);
  case event_id::file_shared:
    return "the share is ready"
           + (of.detail.empty() ? "" : ", kind " + of.detail);
  case event_id::file_unshared: return "the share has ended";
  case event_id::rootfs_shared:
    return "the root filesystem is ready"
           + (of.detail.empty() ? "" : ", kind " + of.detail);
  case event_id::guest_connected:
    return with_reason("the guest agent was reached", of.detail);
  case event_id::guest_lost:
    return with_reason("the connection to the guest agent ended", of.detail);
  case event_id::guest_empty:
    return "the guest came back without what it was sent";
  case event_id::guest_unreachable:
    return with_reason("the guest agent cannot be reached", of.detail);
  default: return sandbox_sentence(of);
  }
}

} // namespace fsshare
