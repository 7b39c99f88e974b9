// SPDX-License-Identifier: Apache-2.0
#include "json/prepare_record_json.hpp"

#include <utility>

namespace fsshare {

namespace {

using json = nlohmann::json;
using journal_words::word_for;
using journal_words::words;

constexpr words<sharing_mode, 2> mode_words{{
  {sharing_mode::shared_filesystem, "shared-filesystem"},
  {sharing_mode::copy, "copy"},
}};

constexpr words<guest_policy, 3> policy_words{{
  {guest_policy::unknown, "unknown"},
  {guest_policy::none, "none"},
  {guest_policy::set, "set"},
}};

json namespace_json(const mount_namespace& where) {
  if (where.is_own())
    return json::object();
  return {{"path", where.path},
          {"device", where.device},
          {"inode", where.inode},
          {"id", where.id}};
}

// Not there before minor version 3, and empty for the node agent's own.
mount_namespace read_namespace(record_reader& in) {
  mount_namespace out;
  if (!in.has("mount_namespace"))
    return out;
  in.object("mount_namespace", [&out](record_reader& inner) {
    if (!inner.has("path"))
      return;
    out.path = inner.text("path");
    out.device = inner.number("device");
    out.inode = inner.number("inode");
    out.id = inner.number("id");
    // No namespace has the number 0: which one it is was not written down.
    if (out.inode == 0 || !check_mount_namespace(out.path))
      inner.refuse();
  });
  return out;
}

} // namespace

json prepare_record_json(const recorded_prepare& x) {
  const auto& request = x.request;
  auto binds = json::array();
  for (const auto& bind : request.sandbox_binds)
    binds.push_back({{"source", bind.source}, {"writable", bind.writable}});
  return {{"kind", "prepare"},
          {"sandbox", request.sandbox_id},
          {"mode", word_for(mode_words, request.mode)},
          {"guest_address", request.guest_address},
          {"asked_guest_share_dir", request.guest_share_dir},
          {"guest_share_dir", x.guest_share_dir},
          {"sandbox_binds", std::move(binds)},
          {"kubelet_roots", request.kubelet_roots},
          {"no_watcher", request.no_watcher},
          {"nydusd_socket", request.nydusd_socket},
          {"force_guest_pull", request.force_guest_pull},
          {"guest_memory_bytes", request.guest_memory_bytes},
          {"guest_policy", word_for(policy_words, request.policy)},
          {"labels", request.labels},
          {"no_watchable", request.no_watchable},
          {"local_dir", request.local_dir},
          {"mount_namespace", namespace_json(request.mount_namespace)}};
}

json prepare_record_json(const recorded_guest& x) {
  return {{"kind", "guest"},
          {"guest_address", x.address},
          {"guest_memory_bytes", x.memory_bytes},
          {"guest_policy", word_for(policy_words, x.policy)}};
}

recorded_prepare read_prepare_record(record_reader& in) {
  recorded_prepare out;
  auto& request = out.request;
  request.sandbox_id = in.id("sandbox");
  request.mode = in.word("mode", mode_words);
  request.guest_address = in.text("guest_address");
  request.guest_share_dir = in.text("asked_guest_share_dir");
  request.sandbox_binds = in.binds("sandbox_binds");
  request.kubelet_roots = in.texts("kubelet_roots");
  request.no_watcher = in.truth("no_watcher");
  request.nydusd_socket = in.text("nydusd_socket");
  request.force_guest_pull = in.truth("force_guest_pull");
  out.guest_share_dir = in.text("guest_share_dir");
  // Version 2 had none of these.
  request.guest_memory_bytes = in.number("guest_memory_bytes");
  if (in.has("guest_policy"))
    request.policy = in.word("guest_policy", policy_words);
  request.labels = in.text_map("labels");
  request.no_watchable = in.has("no_watchable") && in.truth("no_watchable");
  // Nor version 4 this one.
  request.local_dir = in.text("local_dir");
  request.mount_namespace = read_namespace(in);
  return out;
}

recorded_guest read_guest_record(record_reader& in) {
  recorded_guest out;
  out.address = in.text("guest_address");
  out.memory_bytes = in.number("guest_memory_bytes");
  out.policy = in.word("guest_policy", policy_words);
  return out;
}

} // namespace fsshare
