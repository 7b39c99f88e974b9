// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_category.hpp"
#include "core/copy/shared_copies.hpp"
#include "core/log_settings.hpp"
#include "core/mount/mount_options.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

/// Which directories count as volumes that are kept current.
enum class volume_match : std::uint8_t {
  /// Those of the kubelet's shape, wherever its root is.
  structural,
  /// Those below `volumes.kubelet_roots` only.
  kubelet_root,
};

/// What an operator can set, with its defaults. The names are those of the
/// configuration file: `api.socket` and so on.
struct node_config {
  struct api_section {
    std::string socket = "/run/fsshare/fsshare.sock";
    /// Who may connect. Programs add their own user by default.
    std::vector<std::uint32_t> allowed_uids{0};

    friend bool operator==(const api_section&, const api_section&) = default;
  };

  struct share_section {
    /// Each sandbox has its directory in it.
    std::string root = "/run/kata-containers/shared/sandboxes";

    friend bool operator==(const share_section&, const share_section&)
      = default;
  };

  struct mounts_section {
    mount_api_choice api = mount_api_choice::automatic;
    /// Whether mounts below a source come along where its options do not say.
    bool recursive = true;
    /// Whether the host must be seen to see what is mounted.
    visibility_check visibility = visibility_check::proven;

    friend bool operator==(const mounts_section&, const mounts_section&)
      = default;
  };

  struct guest_section {
    /// Where shares appear in guests.
    std::string share_dir = "/run/kata-containers/shared/containers";
    /// For connecting, all attempts together.
    std::chrono::nanoseconds dial_timeout = std::chrono::seconds{30};
    /// For one request to a guest agent.
    std::chrono::nanoseconds request_timeout = std::chrono::seconds{60};
    /// How long nothing is sent on a connection that follows one with
    /// unanswered requests, which may still happen.
    std::chrono::nanoseconds quiet_time = std::chrono::seconds{1};
    /// The same for guests that are reached by `remote://`: what was sent may
    /// be on its way through a network.
    std::chrono::nanoseconds remote_quiet_time = std::chrono::seconds{5};
    /// How long the end of a share waits for the guest before what is left
    /// there is told.
    std::chrono::nanoseconds end_timeout = std::chrono::seconds{2};
    /// See profile_of(); empty for never.
    std::string no_implicit_parents_from = {};

    friend bool operator==(const guest_section&, const guest_section&)
      = default;
  };

  /// What copies may have at most.
  struct limits_section {
    std::uint64_t entries = 100'000;
    std::uint64_t file_bytes = std::uint64_t{4} << 30;
    /// Memory of the names and links of a copy's entries, while it is made.
    std::uint64_t names_bytes = std::uint64_t{32} << 20;
    /// Sum of a ConfigMap, Secret, projected or downward-API volume, which is
    /// held in memory. They have at most 1 MiB each; projected ones combine
    /// several.
    std::uint64_t volume_bytes = std::uint64_t{64} << 20;
    /// Memory of a guest that all copies of its sandbox take; 0 is any.
    std::uint64_t sandbox_bytes = std::uint64_t{8} << 30;

    friend bool operator==(const limits_section&, const limits_section&)
      = default;
  };

  struct copy_section {
    /// Requests in flight to one guest agent.
    std::uint32_t window_requests = 64;
    /// Bytes in flight to one guest agent.
    std::uint64_t window_bytes = 8'388'608;
    /// Memory of the node for contents of all copies and volumes together.
    std::uint64_t node_bytes = std::uint64_t{128} << 20;
    /// Whether a copy goes on below mount points in its source.
    bool cross_mounts = false;
    limits_section limits;
    copy_rules categories;

    friend bool operator==(const copy_section&, const copy_section&) = default;
  };

  struct sources_section {
    /// How long reading, opening or watching something of the host's may stand
    /// still before it is given up.
    std::chrono::nanoseconds timeout = std::chrono::seconds{10};

    friend bool operator==(const sources_section&, const sources_section&)
      = default;
  };

  struct sandboxes_section {
    /// How long after its owner is gone a sandbox is ended; 0 is never.
    std::chrono::nanoseconds orphan_grace{0};

    friend bool operator==(const sandboxes_section&, const sandboxes_section&)
      = default;
  };

  struct shutdown_section {
    /// How long the end may take, whatever hangs.
    std::chrono::nanoseconds grace = std::chrono::seconds{10};

    friend bool operator==(const shutdown_section&, const shutdown_section&)
      = default;
  };

  struct state_section {
    /// Holds what the next process has to know; empty for `state` beside the
    /// control socket.
    std::string directory;

    friend bool operator==(const state_section&, const state_section&)
      = default;
  };

  struct volumes_section {
    volume_match match = volume_match::structural;
    std::vector<std::string> kubelet_roots{"/var/lib/kubelet"};
    /// Whether volumes of CSI drivers are followed too.
    bool csi = false;
    /// Whether the containers of a sandbox have a guest copy each.
    copy_scope guest_copies = copy_scope::by_policy;
    /// How often all volumes are compared without any event.
    std::chrono::nanoseconds sweep_interval = std::chrono::seconds{30};
    /// How often a volume that could not be watched is compared.
    std::chrono::nanoseconds poll_interval = std::chrono::seconds{1};
    /// How long an old generation stays in the guest.
    std::chrono::nanoseconds grace = std::chrono::seconds{2};
    /// Number of old generations that stay in the guest.
    std::uint32_t keep_generations = 0;

    friend bool operator==(const volumes_section&, const volumes_section&)
      = default;
  };

  struct http_section {
    /// As parse_http_address() reads it; empty for none.
    std::string listen = "127.0.0.1:10260";
    bool status_page = false;

    friend bool operator==(const http_section&, const http_section&) = default;
  };

  api_section api;
  http_section http;
  share_section share;
  mounts_section mounts;
  guest_section guest;
  copy_section copy;
  sources_section sources;
  sandboxes_section sandboxes;
  shutdown_section shutdown;
  state_section state;
  volumes_section volumes;
  log_settings log;

  friend bool operator==(const node_config&, const node_config&) = default;
};

/// Returns the state directory that a configuration stands for.
std::string state_directory(const node_config& config);

/// Returns where the marks lie of sandboxes whose guests get copies.
std::string copy_mark_dir(const node_config& config);

/// Returns the defaults of a program that runs as user `own_uid`.
node_config default_config(std::uint32_t own_uid);

} // namespace fsshare
