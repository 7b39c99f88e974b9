// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/copy/guest_profile.hpp"

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

inline constexpr choices<copy_rule, 4> copy_rule_words{{
  {"allow", copy_rule::allow},
  {"audit", copy_rule::audit},
  {"empty", copy_rule::empty},
  {"deny", copy_rule::deny},
}};

inline constexpr choices<copy_scope, 3> copy_scope_words{{
  {"auto", copy_scope::by_policy},
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

/// What is said of a key, to people and to programs.
struct config_key {
  /// Where it stands in the file (RFC 6901).
  const char* pointer;
  /// What it is for, in sentences of Markdown without links.
  const char* about;
  /// Of numbers: what they count.
  const char* unit = "";
  /// Whether SIGHUP changes it.
  bool is_live = false;

  /// Most visitors want no more of it.
  operator const char*() const { // NOLINT(google-explicit-constructor)
    return pointer;
  }
};

/// Room of sockaddr_un::sun_path (unix(7)) without its NUL byte.
inline constexpr std::size_t max_socket_bytes = 107;

/// Guest agents before it are known as they are.
inline constexpr agent_release first_confined{4, 0};

/// The largest user id; the next one stands for none (chown(2)).
inline constexpr std::uint32_t max_uid = 0xfffffffe;

/// The keys of `copy.categories`.
template <class Visitor, class Rules>
void visit_rules(Visitor& visit, Rules& rules) {
  const auto rule = [&visit](const config_key& key, auto& value) {
    visit.choice(key, value, copy_rule_words);
  };
  rule(config_key{"/copy/categories/configmap",
                  "Whether ConfigMaps are copied: `deny` refuses a share of "
                  "one, `empty` has an empty directory in its place, "
                  "`audit` copies it and says in the log and in "
                  "`fssharectl share ls` what `deny` would refuse."},
       rules.configmap);
  rule(config_key{"/copy/categories/secret", "Whether Secrets are copied."},
       rules.secret);
  rule(config_key{"/copy/categories/projected",
                  "Whether projected volumes, such as tokens, are copied."},
       rules.projected);
  rule(config_key{"/copy/categories/downward-api",
                  "Whether downward-API volumes are copied."},
       rules.downward_api);
  rule(
    config_key{"/copy/categories/image-volumes",
               "Whether image volumes are copied: images that containerd, or "
               "containers-storage, has mounted for volumes of a pod."},
    rules.image_volumes);
  rule(config_key{"/copy/categories/network-files",
                  "Whether files at `/etc/hosts`, `/etc/hostname` and "
                  "`/etc/resolv.conf` of containers are copied."},
       rules.network_files);
  rule(config_key{"/copy/categories/other-files",
                  "Whether all other files are copied."},
       rules.other_files);
  rule(config_key{"/copy/categories/other-directories",
                  "Whether all other directories are copied, those of emptyDir "
                  "and CSI volumes too."},
       rules.other_directories);
}

/// Shows every key of the configuration to a visitor: its JSON pointer, its
/// variable, what it may be and what is said of it. The only list of keys;
/// reading, writing, describing and refusing unknown ones are visitors.
template <class Visitor, class Config>
void visit_keys(Visitor& visit, Config& config) {
  using namespace std::chrono_literals;
  constexpr auto max_bytes
    = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  visit.path(
    config_key{"/api/socket",
               "Control socket; its directory is made. `PATH.lock` beside it "
               "is locked while fsshared runs; `PATH.copies` has a file for "
               "each sandbox in copy mode."},
    config.api.socket, max_socket_bytes);
  visit.uids(
    config_key{"/api/allowed_uids",
               "Users that may call. By default the user that fsshared runs as "
               "may, too. With root alone the socket has mode 0600; one more "
               "user owns it; for several more its mode is 0666, and others "
               "that connect are refused every call."},
    config.api.allowed_uids);
  visit.http_address_or_none(
    config_key{"/http/listen",
               "Where `/metrics`, `/livez` and `/readyz` are served: an "
               "address with a port, or `unix://PATH` for a socket that only "
               "root can open. Whoever reaches it may read them. Empty for "
               "nowhere. Where another has the address it is tried again every "
               "5 s."},
    config.http.listen);
  visit.flag(
    config_key{"/http/status_page",
               "Whether `/` shows volumes and their guest copies to whoever "
               "reaches `http.listen`: with paths, and names of files that a "
               "copy lacks, but no contents."},
    config.http.status_page);
  visit.path(config_key{"/share/root",
                        "Holds one directory per sandbox; made if missing."},
             config.share.root);
  visit.choice(config_key{"/mounts/api",
                          "`new` is `open_tree(2)` and its like, `classic` "
                          "is `mount(2)`; `auto` prefers the new."},
               config.mounts.api, mount_api_words);
  visit.flag(
    config_key{
      "/mounts/recursive",
      "Whether mounts below a source come along where its options do not say."},
    config.mounts.recursive);
  visit.choice(
    config_key{
      "/mounts/visibility",
      "Whether the host must be seen to see what is mounted below `share.root` "
      "before anything starts; `assumed` where the hypervisor runs in the same "
      "mount namespace, such as a test container."},
    config.mounts.visibility, visibility_words);
  visit.path(
    config_key{
      "/guest/share_dir",
      "Where shares appear in guests, unless Prepare names another place."},
    config.guest.share_dir);
  visit.duration(
    config_key{"/guest/dial_timeout",
               "For connecting to a guest agent, all attempts together."},
    config.guest.dial_timeout, 10ms, 1h);
  visit.duration(
    config_key{"/guest/request_timeout",
               "For one request to a guest agent; a passed one closes the "
               "connection. A guest that answers neither requests nor a Check "
               "is called again sooner, after 4 s at first. Also how long an "
               "end of a share tries to clean the guest."},
    config.guest.request_timeout, 10ms, 1h);
  visit.duration(
    config_key{"/guest/quiet_time",
               "How long nothing is sent on a connection that follows one with "
               "unanswered requests, which may still happen."},
    config.guest.quiet_time, 0s, 1h);
  visit.duration(
    config_key{"/guest/remote_quiet_time",
               "As `guest.quiet_time`, for guests at `remote://` addresses, "
               "whose requests may be on their way through a network."},
    config.guest.remote_quiet_time, 0s, 1h);
  visit.duration(
    config_key{"/guest/end_timeout",
               "How long the end of a share waits for a guest that does not "
               "answer before it is answered with what is left there; half a "
               "second where the guest refuses to be called. The removal goes "
               "on as long as the sandbox lives."},
    config.guest.end_timeout, 10ms, 1h);
  visit.release_or_none(
    config_key{
      "/guest/no_implicit_parents_from",
      "First release of guest agents that leave the directories above what "
      "they are sent as they are: they make no missing ones and change no "
      "owners (kata-containers#13799, which is proposed). They are sent fewer "
      "requests. Empty while no release does."},
    config.guest.no_implicit_parents_from, first_confined);
  visit.number(
    config_key{"/copy/window_requests",
               "Most requests in flight to one guest agent; adapts below that.",
               "requests"},
    config.copy.window_requests, 1u, 64u);
  // One chunk of a file is 1 MiB.
  visit.number(config_key{"/copy/window_bytes",
                          "Most file contents in flight to one guest agent, "
                          "all its copies together.",
                          "bytes"},
               config.copy.window_bytes, std::uint64_t{1} << 20,
               std::uint64_t{1} << 30);
  visit.number(
    config_key{"/copy/node_bytes",
               "Most memory of the node for contents of all copies and volumes "
               "together: chunks that guests have not acknowledged, volumes "
               "that are being sent. Others wait, first come first served, an "
               "eighth being kept for rotations.",
               "bytes"},
    config.copy.node_bytes, std::uint64_t{16} << 20, std::uint64_t{1} << 40);
  visit.number(config_key{"/copy/limits/entries",
                          "A copy with more files, directories and links fails "
                          "with `RESOURCE_EXHAUSTED`.",
                          "entries"},
               config.copy.limits.entries, std::uint64_t{1},
               std::uint64_t{100'000'000});
  visit.number(
    config_key{"/copy/limits/file_bytes",
               "A copy with a larger file fails with `RESOURCE_EXHAUSTED`.",
               "bytes"},
    config.copy.limits.file_bytes, std::uint64_t{1}, max_bytes);
  visit.number(config_key{"/copy/limits/names_bytes",
                          "A copy whose names and links take more memory fails "
                          "with `RESOURCE_EXHAUSTED`.",
                          "bytes"},
               config.copy.limits.names_bytes, std::uint64_t{1} << 16,
               std::uint64_t{1} << 30);
  visit.number(
    config_key{"/copy/limits/volume_bytes",
               "A volume whose files have more together fails with "
               "`RESOURCE_EXHAUSTED`; it is held in memory while it is sent.",
               "bytes"},
    config.copy.limits.volume_bytes, std::uint64_t{1}, max_bytes);
  visit.number(
    config_key{
      "/copy/limits/sandbox_bytes",
      "Copies that would take more memory of a guest, all of its sandbox "
      "together and in pages of 4 KiB, fail with `RESOURCE_EXHAUSTED`; 0 is "
      "any. Where Prepare tells the guest's memory, a quarter of that holds "
      "instead. A rotation needs room beside the generation that it replaces.",
      "bytes"},
    config.copy.limits.sandbox_bytes, std::uint64_t{0}, max_bytes);
  visit.flag(config_key{"/copy/cross_mounts",
                        "Whether the copy of a tree goes on below mount points "
                        "in it; never in one that holds `share.root`."},
             config.copy.cross_mounts);
  visit_rules(visit, config.copy.categories);
  visit.duration(
    config_key{"/sources/timeout",
               "How long opening, reading or watching something of the host's "
               "may stand still, as on a dead NFS or FUSE filesystem; then it "
               "fails `DEADLINE_EXCEEDED`."},
    config.sources.timeout, 10ms, 1h);
  visit.duration(
    config_key{"/sandboxes/orphan_grace",
               "How long after its owner has ended a sandbox is ended, too, as "
               "by Cleanup; one that a process or a connected guest still uses "
               "is kept, and tried again ever more rarely. 0 is never. The "
               "owner is the process that called Prepare, or the one that it "
               "named."},
    config.sandboxes.orphan_grace, 0s, 720h);
  visit.duration(config_key{"/shutdown/grace",
                            "How long the end after SIGTERM may take, "
                            "whatever hangs; then fsshared ends with 1.",
                            "", true},
                 config.shutdown.grace, 100ms, 1h);
  visit.path_or_none(
    config_key{"/state/directory",
               "Holds a file for each sandbox with what the next fsshared has "
               "to know of it; made if missing. It is to be gone after a boot, "
               "as what is below `/run`. Empty stands for `state` beside the "
               "control socket."},
    config.state.directory);
  visit.choice(
    config_key{"/volumes/match",
               "Which directories are volumes: those of the kubelet's shape "
               "anywhere, or below `volumes.kubelet_roots` only."},
    config.volumes.match, volume_match_words);
  visit.paths(
    config_key{"/volumes/kubelet_roots",
               "Root directories of kubelets, for `volumes.match`; Prepare may "
               "name more. Symlinks on the way make no difference."},
    config.volumes.kubelet_roots);
  visit.flag(config_key{"/volumes/csi",
                        "Whether `kubernetes.io~csi/NAME/mount` counts as a "
                        "volume where its driver writes it as the kubelet "
                        "does, such as that of the secrets store."},
             config.volumes.csi);
  visit.choice(
    config_key{"/volumes/guest_copies",
               "Whether each container has a guest copy of a volume of its "
               "own, or all of a sandbox use one, which ends with the last of "
               "their shares. Its name is that of the first container, which a "
               "guest policy may refuse to the others: `auto` has one for all "
               "where Prepare says that the guest has no policy."},
    config.volumes.guest_copies, copy_scope_words);
  visit.duration(
    config_key{"/volumes/sweep_interval",
               "How often all volumes are compared without any event; each "
               "tenth time modes and owners too. Also how often what should be "
               "gone from a guest and is not is tried again."},
    config.volumes.sweep_interval, 10ms, 1h);
  visit.duration(
    config_key{"/volumes/poll_interval",
               "How often a volume that could not be watched is compared."},
    config.volumes.poll_interval, 10ms, 1h);
  visit.duration(
    config_key{
      "/volumes/grace",
      "How long an old generation stays in the guest after the switch."},
    config.volumes.grace, 0s, 1h);
  visit.number(config_key{"/volumes/keep_generations",
                          "Old generations that stay in the guest for good.",
                          "generations"},
               config.volumes.keep_generations, 0u, 1000u);
  visit.choice(config_key{"/log/level",
                          "Least important lines that are written.", "", true},
               config.log.level, log_level_words);
  visit.choice(config_key{"/log/format", "Form of the lines."},
               config.log.format, log_format_words);
}

} // namespace fsshare
