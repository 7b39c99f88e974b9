// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_set.hpp"

#include "ctl/command_options.hpp"
#include "ctl/render.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"

namespace fsshare::ctl {

namespace {

std::string
note_lines(const google::protobuf::RepeatedPtrField<std::string>& notes) {
  std::string lines;
  for (const auto& note : notes)
    lines += "note: " + note + "\n";
  return lines;
}

std::string render(const v1::ShareFileReply& reply) {
  if (reply.ignored())
    return name_lines({{"ignored", reply.reason()}});
  return name_lines({{"share id", reply.share_id()},
                     {"host path", reply.host_path()},
                     {"guest path", reply.guest_path()},
                     {"generation", reply.generation()}})
         + storage_lines("CONTAINER STORAGE", reply.container_storages())
         + storage_lines("VOLUME STORAGE", reply.volume_storages())
         + section("SKIPPED", reply.skipped())
         + more_of("entries", reply.skipped_more()) + note_lines(reply.notes());
}

std::string render(const v1::UnshareFileReply& reply) {
  return section("NOT YET REMOVED", reply.pending())
         + more_of("paths", reply.pending_more());
}

std::string render(const v1::UnshareContainerReply& reply) {
  return section("NOT YET REMOVED", reply.pending())
         + more_of("paths", reply.pending_more());
}

v1::Mount* mount_of(v1::ShareFileRequest& request) {
  return request.mutable_mount();
}

std::string render(const v1::ShareFilesReply& reply) {
  table out{{"MOUNT", "SHARE", "GUEST PATH", "OUTCOME"}};
  std::uint64_t number = 0;
  for (const auto& outcome : reply.outcomes()) {
    const auto& made = outcome.reply();
    out.add({count(++number), made.share_id(), made.guest_path(),
             outcome.code() != 0 ? outcome.error()
             : made.ignored()    ? "ignored: " + made.reason()
                                 : "ready"});
  }
  return out.text();
}

/// Adds SOURCE:DESTINATION, or that with `:ro`, to a request.
void add_mount(v1::ShareFilesRequest& to, const std::string& text) {
  auto* mount = to.add_mounts();
  auto rest = text;
  if (rest.ends_with(":ro")) {
    mount->set_read_only(true);
    rest.resize(rest.size() - 3);
  }
  const auto middle = rest.find(':');
  if (middle == std::string::npos)
    throw CLI::ValidationError{"--mount", "give SOURCE:DESTINATION[:ro]"};
  mount->set_source(rest.substr(0, middle));
  mount->set_destination(rest.substr(middle + 1));
  mount->set_type("bind");
}

void add_share_files(command_set to, CLI::App* share) {
  auto request = make_request<v1::ShareFilesRequest>();
  auto* app = to.add(share, "add-all",
                     "Make several files or directories visible in a guest");
  add_sandbox(app, request);
  add_container(app, request);
  add_repeated(
    app, "--mount",
    [request](const std::string& text) {
      add_mount(*request, text);
    },
    "SOURCE:DESTINATION, with :ro behind it for read-only");
  app->add_flag_callback(
    "--all-or-nothing",
    [request] {
      request->set_all_or_nothing(true);
    },
    "If one fails, end what was made");
  add_container_name(app, request);
  to.calls<v1::ShareFilesReply>(app, "ShareFiles", request, render);
}

/// Three ways to say what: by id, by container and destination, or all of a
/// container.
void add_share_rm(command_set to, CLI::App* share) {
  struct words {
    std::string sandbox, container, destination, id;
    bool all = false;
  };
  auto given = std::make_shared<words>();
  auto* app = to.add(share, "rm",
                     "End a share: SANDBOX CONTAINER DESTINATION, SANDBOX --id "
                     "ID, or SANDBOX CONTAINER --all");
  app->add_option("SANDBOX", given->sandbox, "Id of the sandbox")->required();
  app->add_option("CONTAINER", given->container, "Id of the container");
  app->add_option("DESTINATION", given->destination, "Path in the container");
  app->add_option("--id", given->id, "Id of the share");
  app->add_flag("--all", given->all,
                "All shares of the container and its root filesystem");
  app->final_callback([to, given]() mutable {
    const bool by_id = !given->id.empty();
    const bool by_key
      = !given->container.empty() && !given->destination.empty();
    const bool by_container = given->all && !given->container.empty();
    if (by_container && !by_id && given->destination.empty()) {
      v1::UnshareContainerRequest request;
      request.set_sandbox_id(given->sandbox);
      request.set_container_id(given->container);
      to.set_call<v1::UnshareContainerReply>("UnshareContainer", request,
                                             render);
      return;
    }
    if (given->all || by_id == by_key || (by_id && !given->container.empty()))
      throw CLI::ValidationError{"share rm",
                                 "give CONTAINER DESTINATION, or --id, or "
                                 "CONTAINER --all"};
    v1::UnshareFileRequest request;
    request.set_sandbox_id(given->sandbox);
    request.set_container_id(given->container);
    request.set_destination(given->destination);
    request.set_share_id(given->id);
    to.set_call<v1::UnshareFileReply>("UnshareFile", request, render);
  });
}

} // namespace

void add_share_commands(command_set to) {
  auto* share = to.group("share", "Files and directories of containers");
  auto request = make_request<v1::ShareFileRequest>();
  auto* app
    = to.add(share, "add", "Make a file or directory visible in a guest");
  add_sandbox(app, request);
  add_container(app, request);
  app
    ->add_option_function<std::string>(
      "SOURCE",
      [request](const std::string& path) {
        request->mutable_mount()->set_source(path);
      },
      "Path on the host")
    ->required();
  app
    ->add_option_function<std::string>(
      "DESTINATION",
      [request](const std::string& path) {
        request->mutable_mount()->set_destination(path);
      },
      "Path in the container")
    ->required();
  add_mount_options(app, request, mount_of);
  app->add_flag_callback(
    "--read-only",
    [request] {
      request->mutable_mount()->set_read_only(true);
    },
    "The container cannot write");
  add_container_name(app, request);
  to.calls<v1::ShareFileReply>(app, "ShareFile", request, render);
  add_share_files(to, share);
  add_share_rm(to, share);
  auto get = make_request<v1::GetSandboxRequest>();
  app = to.add(share, "ls", "List the shares of a sandbox");
  add_sandbox(app, get);
  to.calls<v1::GetSandboxReply>(app, "GetSandbox", get, share_table);
}

} // namespace fsshare::ctl
