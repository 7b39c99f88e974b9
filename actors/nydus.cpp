// SPDX-License-Identifier: Apache-2.0
#include "actors/nydus.hpp"

#include "core/pacing.hpp"
#include "core/text/percent_encoding.hpp"
#include "core/text/utf8.hpp"
#include "json/nydus_json.hpp"

#include <optional>
#include <thread>
#include <utility>

namespace fsshare {

namespace {

constexpr int done_status = 204;

// What nydusd says is cut here.
constexpr std::size_t max_sentence = 512;

http_request state_request() {
  return {"GET", "/api/v1/daemon", {}};
}

std::string mount_target(const std::string& mountpoint) {
  return "/api/v1/mount?mountpoint=" + percent_encode(mountpoint);
}

status check_done(const http_answer& answer) {
  if (answer.status == done_status)
    return unit{};
  const auto said = parse_nydusd_failure(answer.body);
  return error{
    errc::failed_precondition,
    "nydusd answered " + std::to_string(answer.status)
      + (said ? ": " + peer_text(*said, max_sentence) : " without a message")};
}

} // namespace

nydus_options nydusd_at(const std::string& socket) {
  nydus_options options;
  options.socket = socket;
  options.call
    = [socket](const http_request& request, std::chrono::milliseconds within) {
        return call_unix_http(socket, request, within);
      };
  options.pause = [](std::chrono::nanoseconds time) {
    std::this_thread::sleep_for(time);
  };
  return options;
}

nydus_state::nydus_state(handle::pointer, nydus_options options)
  : options_(std::move(options)) {
}

nydus_state::handle::behavior_type nydus_state::make_behavior() {
  return {
    [this](const mount_rafs& msg) -> caf::result<rafs_mounted> {
      if (auto mounted = mount(msg.mount); !mounted)
        return to_caf(
          mounted.err().within("nydus: mount " + msg.mount.mountpoint));
      return rafs_mounted{};
    },
    [this](const unmount_rafs& msg) {
      return unmount_all(msg);
    },
  };
}

// The runtime starts nydusd and then asks us; that it listens does not yet mean
// that it serves.
status nydus_state::wait_until_running() const {
  constexpr std::uint32_t seed = 1;
  backoff pauses{pacing::nydusd_probes, seed};
  error why;
  for (unsigned n = 0; n < options_.probes; ++n) {
    if (n > 0)
      options_.pause(pauses.next());
    const auto answer = options_.call(state_request(), options_.probe_timeout);
    if (!answer) {
      why = answer.err();
      // Its own limit of time has passed; more of them would add up.
      if (why.code == errc::deadline_exceeded)
        break;
      continue;
    }
    const auto state = parse_nydusd_state(answer->body);
    if (state == "RUNNING")
      return unit{};
    why = {errc::unavailable,
           "nydusd at " + options_.socket + " is "
             + (state ? "in state '" + peer_text(*state, max_sentence) + "'"
                      : "in no known state")};
  }
  if (why.code == errc::not_found)
    why.code = errc::unavailable;
  return why;
}

status nydus_state::mount(const rafs_mount& what) {
  const auto& mountpoint = what.mountpoint;
  const bool is_there = images_.try_emplace(mountpoint, false).first->second;
  if (auto running = wait_until_running(); !running)
    return running;
  // nydusd refuses a mountpoint that it has: what could not be undone goes
  // first.
  if (is_there)
    if (auto gone = unmount(mountpoint); !gone)
      return gone.err().within("unmount what is left there");
  images_[mountpoint] = true;
  const auto answer
    = options_.call({"POST", mount_target(mountpoint), render_rafs_mount(what)},
                    options_.call_timeout);
  if (answer) {
    auto mounted = check_done(*answer);
    images_[mountpoint] = static_cast<bool>(mounted);
    return mounted;
  }
  auto why = answer.err();
  if (why.code == errc::not_found)
    why.code = errc::unavailable;
  // The call may have arrived, and nydusd may have mounted since.
  if (auto undone = unmount(mountpoint); !undone)
    why.message += "; undo: " + undone.err().message;
  return why;
}

status nydus_state::unmount(const std::string& mountpoint) {
  auto& is_there = images_.try_emplace(mountpoint, true).first->second;
  if (!is_there)
    return unit{};
  const auto answer = options_.call({"DELETE", mount_target(mountpoint), {}},
                                    options_.call_timeout);
  // Without a nydusd its mounts are gone too.
  if (!answer && answer.err().code != errc::not_found)
    return answer.err();
  if (answer)
    if (auto done = check_done(*answer); !done && !lacks(mountpoint))
      return done;
  is_there = false;
  return unit{};
}

// nydusd has no answer of its own for a mountpoint that it does not know: the
// code is that of any failure.
bool nydus_state::lacks(const std::string& mountpoint) const {
  const auto answer = options_.call(state_request(), options_.probe_timeout);
  if (!answer)
    return false;
  const auto mounted = parse_nydusd_mountpoints(answer->body);
  return mounted && !mounted->contains(mountpoint);
}

rafs_unmounted nydus_state::unmount_all(const unmount_rafs& msg) {
  rafs_unmounted reply;
  // A nydusd that hangs would take its time for each.
  std::optional<error> hanging;
  for (const auto& mountpoint : msg.mountpoints) {
    const auto done = hanging ? status{*hanging} : unmount(mountpoint);
    if (done)
      continue;
    if (done.err().code == errc::deadline_exceeded)
      hanging = done.err();
    reply.left.push_back(
      {mountpoint, done.err().within("nydus: unmount " + mountpoint)});
  }
  return reply;
}

} // namespace fsshare
