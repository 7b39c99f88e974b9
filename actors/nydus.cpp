#include "actors/nydus.hpp"

#include "core/backoff.hpp"
#include "core/percent_encoding.hpp"
#include "log/log.hpp"
#include "json/nydus_json.hpp"

#include <optional>
#include <thread>
#include <utility>

namespace fsshare {

namespace {

constexpr std::chrono::milliseconds first_pause{20};
constexpr std::chrono::milliseconds last_pause{500};
constexpr int done_status = 204;
constexpr int absent_status = 404;

std::string mount_target(const std::string& mountpoint) {
  return "/api/v1/mount?mountpoint=" + percent_encode(mountpoint);
}

status check_done(const http_answer& answer) {
  if (answer.status == done_status)
    return unit{};
  const auto said = parse_nydusd_failure(answer.body);
  return error{errc::failed_precondition,
               "nydusd answered " + std::to_string(answer.status)
                 + (said ? ": " + *said : " without a message")};
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
  backoff pauses{first_pause, last_pause, seed};
  error why;
  for (unsigned n = 0; n < options_.probes; ++n) {
    if (n > 0)
      options_.pause(pauses.next());
    const auto answer
      = options_.call({"GET", "/api/v1/daemon", {}}, options_.probe_timeout);
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
             + (state ? "in state '" + *state + "'" : "in no known state")};
  }
  if (why.code == errc::not_found)
    why.code = errc::unavailable;
  return why;
}

status nydus_state::mount(const rafs_mount& what) {
  if (auto running = wait_until_running(); !running)
    return running;
  unmounted_.erase(what.mountpoint);
  const auto answer = options_.call(
    {"POST", mount_target(what.mountpoint), render_rafs_mount(what)},
    options_.call_timeout);
  if (answer)
    return check_done(*answer);
  auto why = answer.err();
  // The call may have arrived, and nydusd may have mounted since.
  if (auto undone = unmount(what.mountpoint); !undone)
    log::warning("nydus-undo-failed", {{"socket", options_.socket},
                                       {"mountpoint", what.mountpoint},
                                       {"error", undone.err().message}});
  if (why.code == errc::not_found)
    why.code = errc::unavailable;
  return why;
}

status nydus_state::unmount(const std::string& mountpoint) {
  if (unmounted_.contains(mountpoint))
    return unit{};
  const auto answer = options_.call({"DELETE", mount_target(mountpoint), {}},
                                    options_.call_timeout);
  // Without a nydusd its mounts are gone too.
  const bool is_absent = answer ? answer->status == absent_status
                                : answer.err().code == errc::not_found;
  if (!answer && !is_absent)
    return answer.err();
  if (!is_absent)
    if (auto done = check_done(*answer); !done)
      return done;
  unmounted_.insert(mountpoint);
  return unit{};
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
