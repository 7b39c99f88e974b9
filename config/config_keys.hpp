// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace fsshare {

/// The words of a key that takes one of a few, and what they mean.
template <class T, std::size_t N>
using choices = std::array<std::pair<std::string_view, T>, N>;

inline constexpr choices<mount_api_choice, 3> mount_api_words{{
  {"auto", mount_api_choice::automatic},
  {"new", mount_api_choice::new_api},
  {"classic", mount_api_choice::classic},
}};

inline constexpr choices<visibility_check, 2> visibility_words{{
  {"proven", visibility_check::proven},
  {"assumed", visibility_check::assumed},
}};

inline constexpr choices<volume_match, 2> volume_match_words{{
  {"structural", volume_match::structural},
  {"kubelet-root", volume_match::kubelet_root},
}};

inline constexpr choices<copy_rule, 3> copy_rule_words{{
  {"allow", copy_rule::allow},
  {"audit", copy_rule::audit},
  {"deny", copy_rule::deny},
}};

inline constexpr choices<copy_scope, 2> copy_scope_words{{
  {"per-container", copy_scope::per_container},
  {"per-sandbox", copy_scope::per_sandbox},
}};

inline constexpr choices<log_level, 4> log_level_words{{
  {"debug", log_level::debug},
  {"info", log_level::info},
  {"warning", log_level::warning},
  {"error", log_level::error},
}};

inline constexpr choices<log_format, 2> log_format_words{{
  {"logfmt", log_format::logfmt},
  {"json", log_format::json},
}};

/// Room of sockaddr_un::sun_path (unix(7)) without its NUL byte.
inline constexpr std::size_t max_socket_bytes = 107;

/// The keys of `copy.categories`.
template <class Visitor, class Rules>
void visit_rules(Visitor& visit, Rules& rules) {
  const auto rule = [&visit](const char* key, auto& value) {
    visit.choice(key, value, copy_rule_words);
  };
  rule("/copy/categories/configmap", rules.configmap);
  rule("/copy/categories/secret", rules.secret);
  rule("/copy/categories/projected", rules.projected);
  rule("/copy/categories/downward-api", rules.downward_api);
  rule("/copy/categories/network-files", rules.network_files);
  rule("/copy/categories/other-files", rules.other_files);
  rule("/copy/categories/other-directories", rules.other_directories);
}

/// Shows every key of the configuration to a visitor: its JSON pointer, its
/// variable and what it may be. The only list of keys; reading, writing and
/// refusing unknown ones are visitors.
template <class Visitor, class Config>
void visit_keys(Visitor& visit, Config& config) {
  using namespace std::chrono_literals;
  constexpr auto max_bytes
    = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  visit.path("/api/socket", config.api.socket, max_socket_bytes);
  visit.uids("/api/allowed_uids", config.api.allowed_uids);
  visit.path("/share/root", config.share.root);
  visit.choice("/mounts/api", config.mounts.api, mount_api_words);
  visit.flag("/mounts/recursive", config.mounts.recursive);
  visit.choice("/mounts/visibility", config.mounts.visibility,
               visibility_words);
  visit.path("/guest/share_dir", config.guest.share_dir);
  visit.duration("/guest/dial_timeout", config.guest.dial_timeout, 10ms, 1h);
  visit.duration("/guest/request_timeout", config.guest.request_timeout, 10ms,
                 1h);
  visit.duration("/guest/quiet_time", config.guest.quiet_time, 0s, 1h);
  visit.duration("/guest/remote_quiet_time", config.guest.remote_quiet_time, 0s,
                 1h);
  visit.duration("/guest/end_timeout", config.guest.end_timeout, 10ms, 1h);
  visit.number("/copy/window_requests", config.copy.window_requests, 1u, 64u);
  // One chunk of a file is 1 MiB.
  visit.number("/copy/window_bytes", config.copy.window_bytes,
               std::uint64_t{1} << 20, std::uint64_t{1} << 30);
  visit.number("/copy/node_bytes", config.copy.node_bytes,
               std::uint64_t{16} << 20, std::uint64_t{1} << 40);
  visit.number("/copy/limits/entries", config.copy.limits.entries,
               std::uint64_t{1}, std::uint64_t{100'000'000});
  visit.number("/copy/limits/file_bytes", config.copy.limits.file_bytes,
               std::uint64_t{1}, max_bytes);
  visit.number("/copy/limits/names_bytes", config.copy.limits.names_bytes,
               std::uint64_t{1} << 16, std::uint64_t{1} << 30);
  visit.number("/copy/limits/volume_bytes", config.copy.limits.volume_bytes,
               std::uint64_t{1}, max_bytes);
  visit.number("/copy/limits/sandbox_bytes", config.copy.limits.sandbox_bytes,
               std::uint64_t{0}, max_bytes);
  visit.flag("/copy/cross_mounts", config.copy.cross_mounts);
  visit_rules(visit, config.copy.categories);
  visit.duration("/sources/timeout", config.sources.timeout, 10ms, 1h);
  visit.duration("/shutdown/grace", config.shutdown.grace, 100ms, 1h);
  visit.choice("/volumes/match", config.volumes.match, volume_match_words);
  visit.paths("/volumes/kubelet_roots", config.volumes.kubelet_roots);
  visit.flag("/volumes/csi", config.volumes.csi);
  visit.choice("/volumes/guest_copies", config.volumes.guest_copies,
               copy_scope_words);
  visit.duration("/volumes/sweep_interval", config.volumes.sweep_interval, 10ms,
                 1h);
  visit.duration("/volumes/poll_interval", config.volumes.poll_interval, 10ms,
                 1h);
  visit.duration("/volumes/grace", config.volumes.grace, 0s, 1h);
  visit.number("/volumes/keep_generations", config.volumes.keep_generations, 0u,
               1000u);
  visit.choice("/log/level", config.log.level, log_level_words);
  visit.choice("/log/format", config.log.format, log_format_words);
}

} // namespace fsshare
