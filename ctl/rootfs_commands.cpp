// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_set.hpp"

#include "ctl/command_options.hpp"
#include "ctl/render.hpp"
#include "ctl/rootfs_options.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"

namespace fsshare::ctl {

namespace {

std::string render(const v1::ShareRootFilesystemReply& reply) {
  return name_lines({{"guest path", reply.guest_path()}})
         + storage_lines("CONTAINER STORAGE", reply.container_storages())
         + storage_lines("VOLUME STORAGE", reply.volume_storages())
         + (reply.device_paths().empty()
              ? ""
              : name_lines({{"device paths", joined(reply.device_paths())}}));
}

std::string render(const v1::UnshareRootFilesystemReply& /*reply*/) {
  return {};
}

v1::RootFilesystem* rootfs_of(v1::ShareRootFilesystemRequest& request) {
  return request.mutable_rootfs();
}

} // namespace

void add_rootfs_commands(command_set to) {
  auto* rootfs = to.group("rootfs", "Root filesystems of containers");
  auto request = make_request<v1::ShareRootFilesystemRequest>();
  auto* app
    = to.add(rootfs, "add", "Make a root filesystem visible in a guest");
  add_sandbox(app, request);
  add_container(app, request);
  add_mount_options(app, request, rootfs_of);
  add_rootfs_options(app, request);
  add_container_name(app, request);
  to.calls<v1::ShareRootFilesystemReply>(app, "ShareRootFilesystem", request,
                                         render);
  auto remove = make_request<v1::UnshareRootFilesystemRequest>();
  app = to.add(rootfs, "rm", "End the sharing of a root filesystem");
  add_sandbox(app, remove);
  add_container(app, remove);
  to.calls<v1::UnshareRootFilesystemReply>(app, "UnshareRootFilesystem", remove,
                                           render);
}

} // namespace fsshare::ctl
