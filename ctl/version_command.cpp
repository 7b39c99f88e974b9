// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_set.hpp"

#include "ctl/command_options.hpp"
#include "ctl/render.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"

namespace fsshare::ctl {

namespace {

std::string render(const v1::VersionReply& reply) {
  return name_lines(
    {{"node agent", reply.version()}, {"build", reply.build()}});
}

} // namespace

void add_version_command(command_set to) {
  to.calls<v1::VersionReply>(
    to.add("version", "Show the version of the node agent"), "Version",
    make_request<v1::VersionRequest>(), render);
}

} // namespace fsshare::ctl
