// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_set.hpp"

#include "ctl/command_options.hpp"
#include "ctl/render.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"

namespace fsshare::ctl {

namespace {

std::string render(const v1::ListVolumesReply& reply) {
  return volume_table(reply.volumes(), reply.volumes_more(), columns::few);
}

std::string render_wide(const v1::ListVolumesReply& reply) {
  return volume_table(reply.volumes(), reply.volumes_more(), columns::all);
}

std::string render(const v1::StartFileEventWatcherReply& /*reply*/) {
  return {};
}

std::string render(const v1::StopFileEventWatcherReply& /*reply*/) {
  return {};
}

} // namespace

void add_volume_commands(command_set to) {
  auto* volume = to.group("volume", "Volumes that are kept current");
  auto list = make_request<v1::ListVolumesRequest>();
  auto* app = to.add(volume, "ls", "List volumes with their guest copies");
  app->add_option_function<std::string>(
    "SANDBOX",
    [list](const std::string& id) {
      list->set_sandbox_id(id);
    },
    "Only those of this sandbox");
  to.calls<v1::ListVolumesReply>(app, "ListVolumes", list, render, render_wide);
  add_explain_command(to, volume);
}

void add_watcher_commands(command_set to) {
  auto* watcher = to.group("watcher", "File event watchers");
  auto start = make_request<v1::StartFileEventWatcherRequest>();
  auto* app = to.add(watcher, "start", "Keep the volumes of a sandbox current");
  add_sandbox(app, start);
  to.calls<v1::StartFileEventWatcherReply>(app, "StartFileEventWatcher", start,
                                           render);
  auto stop = make_request<v1::StopFileEventWatcherRequest>();
  app = to.add(watcher, "stop", "Leave the volumes of a sandbox as they are");
  add_sandbox(app, stop);
  to.calls<v1::StopFileEventWatcherReply>(app, "StopFileEventWatcher", stop,
                                          render);
}

} // namespace fsshare::ctl
