// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.hpp"

#include "config/node_config.hpp"
#include "core/text/duration_text.hpp"
#include "ctl/command_options.hpp"
#include "ctl/render.hpp"
#include "ctl/rootfs_options.hpp"
#include "proto/fsshare.pb.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace fsshare::ctl {

namespace {

constexpr int exit_usage = 64;

/// Long enough for the first copy of a large directory.
constexpr const char* default_timeout = "5m";

/// Puts commands into the parser. Each is filled in while the arguments are
/// read and made into a call when all of them were.
class command_line {
public:
  explicit command_line(const std::string& version);

  std::variant<invocation, usage> parse(std::vector<std::string> args);

private:
  CLI::App* group(const char* name, const char* about);
  /// Adds a command that sets `into.call` once it was read.
  CLI::App* add(CLI::App* to, const char* name, const char* about);
  template <class Reply, class Request>
  void calls(CLI::App* app, const char* method,
             const std::shared_ptr<Request>& request,
             std::string (*render_reply)(const Reply&),
             std::string (*render_wide)(const Reply&) = nullptr);

  template <class Reply, class Request>
  void set_call(const char* method, const Request& request,
                std::string (*render_reply)(const Reply&),
                std::string (*render_wide)(const Reply&) = nullptr);

  void add_sandbox_commands();
  void add_prepare(CLI::App* sandbox);
  void add_share_commands();
  void add_share_rm(CLI::App* share);
  void add_rootfs_commands();
  void add_other_commands();

  CLI::App app_{"Asks the node agent of fsshare to share filesystems with "
                "guests, and shows what it does.",
                "fssharectl"};
  invocation into_;
};

v1::Mount* mount_of(v1::ShareFileRequest& request) {
  return request.mutable_mount();
}

v1::RootFilesystem* rootfs_of(v1::ShareRootFilesystemRequest& request) {
  return request.mutable_rootfs();
}

command_line::command_line(const std::string& version) {
  into_.endpoint = node_config{}.api.socket;
  app_.set_version_flag("--version", version);
  app_.require_subcommand(1);
  app_.fallthrough();
  app_
    .add_option_function<std::string>(
      "--endpoint",
      [this](const std::string& text) {
        constexpr std::string_view scheme = "unix://";
        into_.endpoint
          = text.substr(text.starts_with(scheme) ? scheme.size() : 0);
        if (!into_.endpoint.starts_with('/')
            && !into_.endpoint.starts_with('@'))
          throw CLI::ValidationError{"--endpoint",
                                     "'" + text
                                       + "' is not an absolute path, nor "
                                         "unix://PATH or unix://@NAME"};
      },
      "Socket of the node agent")
    ->default_str(into_.endpoint);
  app_
    .add_option_function<std::string>(
      "--timeout",
      [this](const std::string& text) {
        const auto parsed = parse_duration(text);
        if (!parsed || parsed->count() == 0)
          throw CLI::ValidationError{
            "--timeout", "'" + text + "' is not a duration such as 30s"};
        into_.timeout = *parsed;
      },
      "Longest wait for the answer")
    ->default_str(default_timeout)
    ->force_callback();
  app_
    .add_option_function<std::string>(
      "-o,--output",
      [this](const std::string& word) {
        into_.format = word == "json"   ? output_format::json
                       : word == "wide" ? output_format::wide_table
                                        : output_format::table;
      },
      "Tables for people, with all columns, or the reply as JSON")
    ->check(CLI::IsMember({"table", "wide", "json"}))
    ->default_str("table");
  add_sandbox_commands();
  add_share_commands();
  add_rootfs_commands();
  add_other_commands();
}

CLI::App* command_line::group(const char* name, const char* about) {
  return app_.add_subcommand(name, about)->require_subcommand(1)->fallthrough();
}

CLI::App* command_line::add(CLI::App* to, const char* name, const char* about) {
  return to->add_subcommand(name, about)->fallthrough();
}

template <class Reply, class Request>
void command_line::calls(CLI::App* app, const char* method,
                         const std::shared_ptr<Request>& request,
                         std::string (*render_reply)(const Reply&),
                         std::string (*render_wide)(const Reply&)) {
  app->final_callback([this, method, request, render_reply, render_wide] {
    set_call<Reply>(method, *request, render_reply, render_wide);
  });
}

template <class Reply, class Request>
void command_line::set_call(const char* method, const Request& request,
                            std::string (*render_reply)(const Reply&),
                            std::string (*render_wide)(const Reply&)) {
  into_.call = std::make_unique<call_command<Request, Reply>>(
    method, request, render_reply,
    render_wide == nullptr ? render_reply : render_wide);
}

void command_line::add_sandbox_commands() {
  auto* sandbox = group("sandbox", "Sandboxes");
  add_prepare(sandbox);
  auto cleanup = make_request<v1::CleanupRequest>();
  auto* app
    = add(sandbox, "cleanup", "Remove what was made on the host for a sandbox");
  add_sandbox(app, cleanup);
  calls<v1::CleanupReply>(app, "Cleanup", cleanup, render);
  auto discard = make_request<v1::CleanupRequest>();
  discard->set_abandoned(true);
  app = add(sandbox, "discard",
            "Remove what was made for a sandbox by a process before this one");
  add_sandbox(app, discard);
  calls<v1::CleanupReply>(app, "Cleanup", discard, render);
  calls<v1::ListSandboxesReply>(
    add(sandbox, "ls", "List all sandboxes"), "ListSandboxes",
    make_request<v1::ListSandboxesRequest>(), render);
  auto inspect = make_request<v1::GetSandboxRequest>();
  app = add(sandbox, "inspect", "Show everything about one sandbox");
  add_sandbox(app, inspect);
  calls<v1::GetSandboxReply>(app, "GetSandbox", inspect, render);
}

void command_line::add_prepare(CLI::App* sandbox) {
  auto request = make_request<v1::PrepareRequest>();
  auto* app
    = add(sandbox, "prepare", "Make the directories and mounts of a sandbox");
  add_sandbox(app, request);
  app
    ->add_option_function<std::string>(
      "--mode",
      [request](const std::string& word) {
        request->set_mode(word == "copy" ? v1::SHARING_MODE_COPY
                                         : v1::SHARING_MODE_SHARED_FILESYSTEM);
      },
      "copy: through the guest agent; shared-filesystem: by bind mounts")
    ->check(CLI::IsMember({"copy", "shared-filesystem"}))
    ->required();
  app->add_option_function<std::string>(
    "--guest",
    [request](const std::string& address) {
      request->mutable_guest()->set_address(address);
    },
    "Guest agent: vsock://CID:PORT, hvsock://PATH:PORT, unix://PATH or "
    "remote://PATH; needed for copy");
  app->add_option_function<std::string>(
    "--guest-share-dir",
    [request](const std::string& dir) {
      request->mutable_guest()->set_share_dir(dir);
    },
    "Where shares appear in the guest");
  const auto bind_option
    = [&](const char* name, bool writable, const char* about) {
        const auto take = [request, writable](const std::string& source) {
          auto* bind = request->add_sandbox_binds();
          bind->set_source(source);
          bind->set_writable(writable);
        };
        add_repeated(app, name, take, about);
      };
  bind_option("--bind-ro", false,
              "Directory or file for all containers, read-only");
  bind_option("--bind-rw", true, "The same, writable");
  add_repeated(
    app, "--kubelet-root",
    [request](const std::string& root) {
      request->add_kubelet_roots(root);
    },
    "Root directory of the kubelet");
  app->add_flag_callback(
    "--no-watcher",
    [request] {
      request->set_no_watcher(true);
    },
    "Do not start the file event watcher");
  app->add_option_function<std::string>(
    "--nydusd",
    [request](const std::string& socket) {
      request->set_nydusd_socket(socket);
    },
    "API socket of the sandbox's nydusd");
  app->add_flag_callback(
    "--force-guest-pull",
    [request] {
      request->set_force_guest_pull(true);
    },
    "The guest pulls the image of every container");
  calls<v1::PrepareReply>(app, "Prepare", request, render);
}

void command_line::add_share_commands() {
  auto* share = group("share", "Files and directories of containers");
  auto request = make_request<v1::ShareFileRequest>();
  auto* app = add(share, "add", "Make a file or directory visible in a guest");
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
  calls<v1::ShareFileReply>(app, "ShareFile", request, render);
  add_share_rm(share);
  auto get = make_request<v1::GetSandboxRequest>();
  app = add(share, "ls", "List the shares of a sandbox");
  add_sandbox(app, get);
  calls<v1::GetSandboxReply>(app, "GetSandbox", get, render_shares);
}

/// Three ways to say what: by id, by container and destination, or all of a
/// container.
void command_line::add_share_rm(CLI::App* share) {
  struct words {
    std::string sandbox, container, destination, id;
    bool all = false;
  };
  auto given = std::make_shared<words>();
  auto* app = add(share, "rm",
                  "End a share: SANDBOX CONTAINER DESTINATION, SANDBOX --id "
                  "ID, or SANDBOX CONTAINER --all");
  app->add_option("SANDBOX", given->sandbox, "Id of the sandbox")->required();
  app->add_option("CONTAINER", given->container, "Id of the container");
  app->add_option("DESTINATION", given->destination, "Path in the container");
  app->add_option("--id", given->id, "Id of the share");
  app->add_flag("--all", given->all,
                "All shares of the container and its root filesystem");
  app->final_callback([this, given] {
    const bool by_id = !given->id.empty();
    const bool by_key
      = !given->container.empty() && !given->destination.empty();
    const bool by_container = given->all && !given->container.empty();
    if (by_container && !by_id && given->destination.empty()) {
      v1::UnshareContainerRequest request;
      request.set_sandbox_id(given->sandbox);
      request.set_container_id(given->container);
      set_call<v1::UnshareContainerReply>("UnshareContainer", request, render);
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
    set_call<v1::UnshareFileReply>("UnshareFile", request, render);
  });
}

void command_line::add_rootfs_commands() {
  auto* rootfs = group("rootfs", "Root filesystems of containers");
  auto request = make_request<v1::ShareRootFilesystemRequest>();
  auto* app = add(rootfs, "add", "Make a root filesystem visible in a guest");
  add_sandbox(app, request);
  add_container(app, request);
  add_mount_options(app, request, rootfs_of);
  add_rootfs_options(app, request);
  calls<v1::ShareRootFilesystemReply>(app, "ShareRootFilesystem", request,
                                      render);
  auto remove = make_request<v1::UnshareRootFilesystemRequest>();
  app = add(rootfs, "rm", "End the sharing of a root filesystem");
  add_sandbox(app, remove);
  add_container(app, remove);
  calls<v1::UnshareRootFilesystemReply>(app, "UnshareRootFilesystem", remove,
                                        render);
}

void command_line::add_other_commands() {
  auto* volume = group("volume", "Volumes that are kept current");
  auto list = make_request<v1::ListVolumesRequest>();
  auto* app = add(volume, "ls", "List volumes with their guest copies");
  app->add_option_function<std::string>(
    "SANDBOX",
    [list](const std::string& id) {
      list->set_sandbox_id(id);
    },
    "Only those of this sandbox");
  calls<v1::ListVolumesReply>(app, "ListVolumes", list, render, render_wide);
  auto* watcher = group("watcher", "File event watchers");
  auto start = make_request<v1::StartFileEventWatcherRequest>();
  app = add(watcher, "start", "Keep the volumes of a sandbox current");
  add_sandbox(app, start);
  calls<v1::StartFileEventWatcherReply>(app, "StartFileEventWatcher", start,
                                        render);
  auto stop = make_request<v1::StopFileEventWatcherRequest>();
  app = add(watcher, "stop", "Leave the volumes of a sandbox as they are");
  add_sandbox(app, stop);
  calls<v1::StopFileEventWatcherReply>(app, "StopFileEventWatcher", stop,
                                       render);
  calls<v1::VersionReply>(
    add(&app_, "version", "Show the version of the node agent"), "Version",
    make_request<v1::VersionRequest>(), render);
}

std::variant<invocation, usage>
command_line::parse(std::vector<std::string> args) {
  // CLI11 wants them in reverse; exceptions are how it tells everything.
  std::reverse(args.begin(), args.end());
  try {
    app_.parse(std::move(args));
    return std::move(into_);
  } catch (const CLI::ParseError& e) {
    std::ostringstream out;
    std::ostringstream err;
    if (app_.exit(e, out, err) == 0)
      return usage{0, out.str()};
    // Of an unknown command CLI11 only says that one is missing.
    const auto unknown = app_.remaining(true);
    return usage{exit_usage,
                 (unknown.empty() ? "" : "unknown: " + unknown.front() + "\n")
                   + err.str()};
  }
}

} // namespace

std::variant<invocation, usage>
parse_command_line(std::vector<std::string> args, const std::string& version) {
  command_line parser{version};
  return parser.parse(std::move(args));
}

} // namespace fsshare::ctl
