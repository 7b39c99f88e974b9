// SPDX-License-Identifier: Apache-2.0
#include "actors/api_methods.hpp"

#include "actors/api_decode.hpp"
#include "actors/api_events.hpp"
#include "actors/api_from_wire.hpp"
#include "actors/api_owners.hpp"
#include "actors/api_wire.hpp"
#include "core/api/share_request.hpp"
#include "core/volume/volume_cursor.hpp"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace fsshare {

namespace {

using namespace wire;

// Of one mount of several.
constexpr std::size_t max_outcome_sentence = 4096;

v1::PrepareReply to_wire(const prepare_reply& in) {
  v1::PrepareReply out;
  out.set_shared_dir(valid_utf8(in.shared_dir));
  out.set_mounts_dir(valid_utf8(in.mounts_dir));
  return out;
}

v1::SetGuestReply to_wire(const set_guest_reply& /*in*/) {
  return {};
}

v1::CleanupReply to_wire(const cleanup_reply& in) {
  v1::CleanupReply out;
  out.set_foreign_more(put_reasons(in.foreign, out.mutable_foreign()));
  return out;
}

v1::ShareFileReply to_wire(const share_file_reply& in) {
  v1::ShareFileReply out;
  out.set_ignored(in.ignored);
  out.set_reason(valid_utf8(in.reason));
  out.set_share_id(in.share_id);
  out.set_host_path(valid_utf8(in.host_path));
  out.set_guest_path(valid_utf8(in.guest_path));
  put_all(in.container_storages, out.mutable_container_storages());
  put_all(in.volume_storages, out.mutable_volume_storages());
  out.set_generation(valid_utf8(in.generation));
  out.set_skipped_more(put_reasons(in.skipped.listed(), out.mutable_skipped())
                       + in.skipped.more());
  put_some(in.notes, out.mutable_notes());
  out.set_raw_guest_path(valid_utf8(in.raw_guest_path));
  out.set_keeps_mount(in.keeps_mount);
  return out;
}

v1::ShareFilesReply to_wire(const share_files_reply& in) {
  v1::ShareFilesReply out;
  const auto each_bytes
    = max_listed_bytes / std::max<std::size_t>(in.outcomes.size(), 1);
  for (const auto& each : in.outcomes) {
    auto* outcome = out.add_outcomes();
    if (!each) {
      outcome->set_code(static_cast<std::int32_t>(each.err().code));
      outcome->set_error(
        without_middle(valid_utf8(each.err().message), max_outcome_sentence));
      continue;
    }
    auto* reply = outcome->mutable_reply();
    *reply = to_wire(*each);
    if (reply->ByteSizeLong() <= each_bytes)
      continue;
    reply->set_skipped_more(
      reply->skipped_more()
      + static_cast<std::uint64_t>(reply->skipped_size()));
    reply->clear_skipped();
  }
  return out;
}

v1::UnshareFileReply to_wire(const unshare_file_reply& in) {
  v1::UnshareFileReply out;
  out.set_pending_more(put_reasons(in.leftovers, out.mutable_pending()));
  return out;
}

v1::UnshareContainerReply to_wire(const unshare_container_reply& in) {
  v1::UnshareContainerReply out;
  out.set_pending_more(put_reasons(in.leftovers, out.mutable_pending()));
  return out;
}

v1::ShareRootFilesystemReply to_wire(const share_rootfs_reply& in) {
  v1::ShareRootFilesystemReply out;
  out.set_guest_path(valid_utf8(in.guest_path));
  put_all(in.container_storages, out.mutable_container_storages());
  put_all(in.volume_storages, out.mutable_volume_storages());
  put(in.device_paths, out.mutable_device_paths());
  return out;
}

v1::UnshareRootFilesystemReply to_wire(const unshare_rootfs_reply& /*in*/) {
  return {};
}

v1::StartFileEventWatcherReply to_wire(const start_watcher_reply& /*in*/) {
  return {};
}

v1::StopFileEventWatcherReply to_wire(const stop_watcher_reply& /*in*/) {
  return {};
}

v1::ListSandboxesReply to_wire(const list_sandboxes_reply& in) {
  v1::ListSandboxesReply out;
  room left{max_listed_bytes};
  out.set_sandboxes_more(put_some(in.sandboxes, out.mutable_sandboxes(), left)
                         + in.more);
  return out;
}

// It was checked with the request.
volume_cursor cursor_of(const std::string& volumes_after) {
  return *parse_volume_cursor(volumes_after);
}

v1::GetSandboxReply to_wire(const get_sandbox_reply& in,
                            const get_sandbox_request& request) {
  v1::GetSandboxReply out;
  put(in.sandbox, out.mutable_sandbox());
  // Half for each at least.
  const auto rest = max_listed_bytes - out.ByteSizeLong();
  room for_shares{in.volumes.listed.empty() ? rest : rest / 2};
  auto shares = put_page(in.shares, out.mutable_shares(), for_shares);
  out.set_shares_more(shares.more);
  out.set_shares_next(std::move(shares.next));
  room for_volumes{max_listed_bytes - out.ByteSizeLong()};
  auto volumes = put_page(in.volumes, cursor_of(request.volumes_after),
                          out.mutable_volumes(), for_volumes);
  out.set_volumes_more(volumes.more);
  out.set_volumes_next(std::move(volumes.next));
  return out;
}

v1::ListVolumesReply to_wire(const list_volumes_reply& in,
                             const list_volumes_request& request) {
  v1::ListVolumesReply out;
  room left{max_listed_bytes};
  auto end = put_page(in.volumes, cursor_of(request.volumes_after),
                      out.mutable_volumes(), left);
  out.set_volumes_more(end.more);
  out.set_volumes_next(std::move(end.next));
  return out;
}

v1::CollectOrphansReply to_wire(const collect_orphans_reply& in) {
  v1::CollectOrphansReply out;
  out.set_foreign_more(put_reasons(in.foreign, out.mutable_foreign()));
  room left{max_listed_bytes - out.ByteSizeLong()};
  out.set_orphans_more(put_some(in.orphans, out.mutable_orphans(), left)
                       + in.orphans_more);
  room rest{max_listed_bytes - std::min(max_listed_bytes, out.ByteSizeLong())};
  out.set_asides_more(put_some(in.asides, out.mutable_asides(), rest));
  return out;
}

/// Returns what encodes the reply to a request.
template <class Request>
auto encoder_for(const Request& request) {
  if constexpr (requires { request.volumes_after; })
    return [request](const auto& reply) {
      return to_wire(reply, request).SerializeAsString();
    };
  else
    return [](const auto& reply) {
      return to_wire(reply).SerializeAsString();
    };
}

template <class Request, class... Others>
constexpr bool is_among = (... || std::is_same_v<Request, Others>);

/// Returns whether a request asks for more than how something is.
template <class Request>
bool is_change(const Request& request) {
  if constexpr (std::is_same_v<Request, collect_orphans_request>)
    return request.remove;
  else
    return !is_among<Request, list_sandboxes_request, get_sandbox_request,
                     list_volumes_request>;
}

template <class Request>
api_subject subject_of(const Request& request) {
  api_subject out{request.sandbox_id, {}};
  if constexpr (requires { request.container_id; })
    out.container = request.container_id;
  if (is_change(request))
    out.is_to = api_subject::purpose::change;
  return out;
}

/// Returns whether a request asks something of a sandbox: how it is, and its
/// end, are of everybody's concern.
template <class Request>
constexpr bool is_use() {
  if constexpr (requires(const Request& of) { of.container_id; })
    return true;
  else
    return is_among<Request, set_guest_request, start_watcher_request,
                    stop_watcher_request>;
}

/// The sandboxes that a reply tells of.
std::vector<sandbox_status*> sandboxes_of(list_sandboxes_reply& reply) {
  std::vector<sandbox_status*> out;
  for (auto& each : reply.sandboxes)
    out.push_back(&each);
  return out;
}
std::vector<sandbox_status*> sandboxes_of(get_sandbox_reply& reply) {
  return {&reply.sandbox};
}

/// Does what is left of a request that NODE has carried out.
template <class Request, class Reply, class Then>
void carried_out(const api_context& with, const Request& request,
                 const Reply& reply, const Then& then) {
  if constexpr (std::is_same_v<Request, cleanup_request>)
    note_end(with, request.sandbox_id);
  if constexpr (requires(Reply & of) { sandboxes_of(of); }) {
    const auto shown = std::make_shared<Reply>(reply);
    add_owners(with, sandboxes_of(*shown), [shown, then] {
      then(*shown);
    });
  } else {
    then(reply);
  }
}

template <class Reply, class Request>
void ask_node(const api_context& with, const Request& request,
              const api_answer& answer) {
  const auto subject = subject_of(request);
  const auto encode = encoder_for(request);
  ask(with.self, with.node, request)
    .then(
      [with, request, answer, subject, encode](const Reply& reply) {
        carried_out(with, request, reply,
                    [answer, subject, encode](const Reply& whole) {
                      answer(subject, encode(whole));
                    });
      },
      [answer, subject](const caf::error& why) {
        answer(subject, from_caf(why));
      });
}

template <class WireRequest, class Reply>
void pass_on(const api_context& with, const bytes& payload,
             const api_answer& answer) {
  const auto decoded = decode_request<WireRequest>(payload);
  if (!decoded)
    return answer({}, decoded.err());
  const auto request = checked(from_wire(*decoded));
  if (!request)
    return answer({}, request.err());
  if constexpr (is_use<std::decay_t<decltype(*request)>>())
    note_use(with, request->sandbox_id);
  ask_node<Reply>(with, *request, answer);
}

void prepare(const api_context& with, const bytes& payload,
             const api_answer& answer) {
  const auto decoded = decode_request<v1::PrepareRequest>(payload);
  if (!decoded)
    return answer({}, decoded.err());
  const auto request = checked(from_wire(*decoded));
  if (!request)
    return answer({}, request.err());
  const owner_terms terms{decoded->owner_pid(), decoded->no_owner()};
  if (auto good = check(terms); !good)
    return answer({}, good.err());
  name_owner_then(with, request->sandbox_id, terms, answer,
                  [with, request = *request](const api_answer& once_owned) {
                    ask_node<prepare_reply>(with, request, once_owned);
                  });
}

} // namespace

const std::map<std::string, api_method, std::less<>>& api_methods() {
  static const std::map<std::string, api_method, std::less<>> table{
    {"Prepare", &prepare},
    {"SetGuest", &pass_on<v1::SetGuestRequest, set_guest_reply>},
    {"Cleanup", &pass_on<v1::CleanupRequest, cleanup_reply>},
    {"ShareFile", &pass_on<v1::ShareFileRequest, share_file_reply>},
    {"ShareFiles", &pass_on<v1::ShareFilesRequest, share_files_reply>},
    {"UnshareFile", &pass_on<v1::UnshareFileRequest, unshare_file_reply>},
    {"UnshareContainer",
     &pass_on<v1::UnshareContainerRequest, unshare_container_reply>},
    {"ShareRootFilesystem",
     &pass_on<v1::ShareRootFilesystemRequest, share_rootfs_reply>},
    {"UnshareRootFilesystem",
     &pass_on<v1::UnshareRootFilesystemRequest, unshare_rootfs_reply>},
    {"StartFileEventWatcher",
     &pass_on<v1::StartFileEventWatcherRequest, start_watcher_reply>},
    {"StopFileEventWatcher",
     &pass_on<v1::StopFileEventWatcherRequest, stop_watcher_reply>},
    {"ListSandboxes", &pass_on<v1::ListSandboxesRequest, list_sandboxes_reply>},
    {"GetSandbox", &pass_on<v1::GetSandboxRequest, get_sandbox_reply>},
    {"ListVolumes", &pass_on<v1::ListVolumesRequest, list_volumes_reply>},
    {"WatchEvents", &watch_events_call},
    {"CollectOrphans",
     &pass_on<v1::CollectOrphansRequest, collect_orphans_reply>},
  };
  return table;
}

} // namespace fsshare
