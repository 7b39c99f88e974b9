// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "messages/nydus.hpp"
#include "messages/state_actor.hpp"
#include "sys/net/unix_http.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace fsshare {

struct nydus_options {
  /// API socket of nydusd.
  std::string socket;
  /// Longest time that one call takes.
  std::chrono::milliseconds call_timeout = pacing::nydusd_call;
  /// Longest time that one question for its state takes.
  std::chrono::milliseconds probe_timeout = pacing::nydusd_probe;
  /// Questions before a nydusd counts as not running.
  unsigned probes = pacing::most_nydusd_probes;
  /// Makes the calls.
  std::function<result<http_answer>(const http_request&,
                                    std::chrono::milliseconds)>
    call;
  /// Waits between probes.
  std::function<void(std::chrono::nanoseconds)> pause;
};

/// Returns options for a real nydusd.
nydus_options nydusd_at(const std::string& socket);

/// What NYDUS owns: the way to one nydusd. It blocks, so that it is spawned
/// with spawn_blocking().
class nydus_state {
public:
  using handle = nydus_actor;
  static constexpr const char* name = "nydus";

  nydus_state(handle::pointer self, nydus_options options);

  handle::behavior_type make_behavior();

private:
  status wait_until_running() const;
  status mount(const rafs_mount& what);
  status unmount(const std::string& mountpoint);
  bool lacks(const std::string& mountpoint) const;
  rafs_unmounted unmount_all(const unmount_rafs& msg);

  nydus_options options_;
  /// By mountpoint, whether nydusd has an image there, or may have since a call
  /// had no answer. Asked for twice, as when Cleanup overtakes an unshare, an
  /// unmount happens once.
  std::map<std::string, bool> images_;
};

using nydus = state_actor<nydus_state>;

} // namespace fsshare
