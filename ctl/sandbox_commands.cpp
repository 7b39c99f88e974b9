// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_set.hpp"

#include "ctl/command_options.hpp"
#include "ctl/render.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"

#include <algorithm>
#include <cstdint>

namespace fsshare::ctl {

namespace {

std::string mode_word(v1::SharingMode mode) {
  switch (mode) {
  case v1::SHARING_MODE_COPY: return "copy";
  case v1::SHARING_MODE_SHARED_FILESYSTEM: return "shared-filesystem";
  default: return "";
  }
}

std::string policy_word(v1::GuestPolicy policy) {
  switch (policy) {
  case v1::GUEST_POLICY_NONE: return "none";
  case v1::GUEST_POLICY_SET: return "set";
  default: return "unknown";
  }
}

/// Returns what the copies of a sandbox take of its guest's memory.
std::string memory_of(const v1::SandboxStatus& sandbox) {
  if (sandbox.mode() != v1::SHARING_MODE_COPY)
    return {};
  const auto limit = sandbox.held_limit_bytes();
  return std::to_string(sandbox.held_bytes()) + " bytes"
         + (limit > 0 ? " of at most " + std::to_string(limit) : "")
         + (sandbox.guest_memory_bytes() > 0
              ? ", the guest has "
                  + std::to_string(sandbox.guest_memory_bytes())
              : "");
}

std::string pid_of(const v1::Owner& owner) {
  return "process " + std::to_string(owner.pid());
}

std::string duration_of(std::int64_t ns) {
  return short_duration(std::chrono::nanoseconds{ns});
}

/// Returns the owner of a sandbox in one cell.
std::string owner_cell(const v1::SandboxStatus& sandbox) {
  // A node agent of before says nothing of it.
  if (!sandbox.has_owner())
    return {};
  const auto& owner = sandbox.owner();
  switch (owner.state()) {
  case v1::OWNER_STATE_ALIVE: return std::to_string(owner.pid());
  case v1::OWNER_STATE_GONE:
    return std::to_string(owner.pid()) + " gone "
           + duration_of(owner.gone_ns());
  case v1::OWNER_STATE_NOBODY: return "nobody";
  default: return "unknown";
  }
}

/// Returns it in a sentence.
std::string owner_line(const v1::SandboxStatus& sandbox) {
  if (!sandbox.has_owner())
    return {};
  const auto& owner = sandbox.owner();
  switch (owner.state()) {
  case v1::OWNER_STATE_ALIVE: return pid_of(owner);
  case v1::OWNER_STATE_NOBODY: return "nobody: it lives until cleanup";
  case v1::OWNER_STATE_GONE: break;
  default:
    return "unknown" + (owner.reason().empty() ? "" : ": " + owner.reason());
  }
  const auto end = owner.will_end() ? "; the sandbox is ended in "
                                        + duration_of(owner.ends_in_ns())
                                    : std::string{"; the sandbox is kept"};
  return pid_of(owner) + ", gone for " + duration_of(owner.gone_ns()) + end
         + (owner.reason().empty() ? ""
                                   : "; it was not yet: " + owner.reason());
}

std::string render(const v1::PrepareReply& reply) {
  return name_lines(
    {{"shared dir", reply.shared_dir()}, {"mounts dir", reply.mounts_dir()}});
}

std::string render(const v1::CleanupReply& reply) {
  return section("NOT OURS", reply.foreign())
         + more_of("paths", reply.foreign_more());
}

std::string render(const v1::ListSandboxesReply& reply) {
  const auto& all = reply.sandboxes();
  const bool has_labels
    = std::any_of(all.begin(), all.end(), [](const auto& each) {
        return !each.labels().empty();
      });
  std::vector<std::string> titles{"SANDBOX",   "MODE",    "CONTAINERS",
                                  "SHARES",    "WATCHER", "GUEST",
                                  "CONNECTED", "OWNER",   "NOT REMOVED"};
  if (has_labels)
    titles.emplace_back("LABELS");
  table out{std::move(titles)};
  for (const auto& each : all) {
    std::vector<std::string> cells{
      each.sandbox_id(),
      mode_word(each.mode()),
      count(each.containers()),
      count(each.shares()),
      each.watcher_running() ? "running" : "stopped",
      each.guest_agent_version().empty() ? each.guest_address()
                                         : each.guest_agent_version(),
      yes_no(each.guest_connected()),
      owner_cell(each),
      count(static_cast<std::uint64_t>(each.pending_size())
            + each.pending_more())};
    if (has_labels)
      cells.push_back(label_words(each.labels()));
    out.add(std::move(cells));
  }
  return out.text() + more_of("sandboxes", reply.sandboxes_more());
}

std::string render(const v1::GetSandboxReply& reply) {
  const auto& sandbox = reply.sandbox();
  auto out = name_lines({
    {"sandbox", sandbox.sandbox_id()},
    {"labels", label_words(sandbox.labels())},
    {"mode", mode_word(sandbox.mode())},
    {"shared dir", sandbox.shared_dir()},
    {"mounts dir", sandbox.mounts_dir()},
    {"guest address", sandbox.guest_address()},
    {"guest agent", sandbox.guest_agent_version()},
    {"guest policy", policy_word(sandbox.guest_policy())},
    {"connected", yes_no(sandbox.guest_connected())},
    {"watcher", sandbox.watcher_running() ? "running" : "stopped"},
    {"containers", count(sandbox.containers())},
    {"shares", count(sandbox.shares())},
    {"guest memory", memory_of(sandbox)},
    {"owner", owner_line(sandbox)},
  });
  if (!reply.shares().empty())
    out += "\n" + share_table(reply);
  if (!reply.volumes().empty())
    out += "\n"
           + volume_table(reply.volumes(), reply.volumes_more(), columns::all);
  if (!sandbox.pending().empty())
    out += "\n" + section("NOT YET REMOVED", sandbox.pending())
           + more_of("paths", sandbox.pending_more());
  if (!sandbox.hung_reads().empty())
    out += "\n" + section("DO NOT ANSWER", sandbox.hung_reads())
           + more_of("reads", sandbox.hung_reads_more());
  if (!sandbox.unrecorded().empty())
    out += "\nNOT RECORDED\n" + sandbox.unrecorded() + "\n";
  return out;
}

// This program ends at once, and the sandbox is to live on.
void add_owner(CLI::App* app,
               const std::shared_ptr<v1::PrepareRequest>& request) {
  request->set_no_owner(true);
  app->add_option_function<std::uint32_t>(
    "--owner-pid",
    [request](std::uint32_t pid) {
      request->set_no_owner(false);
      request->set_owner_pid(pid);
    },
    "Process that the sandbox lives and dies with: its end is shown, and ends "
    "the sandbox after sandboxes.orphan_grace, if that is set. Without it the "
    "sandbox lives until cleanup");
}

std::string render(const v1::SetGuestReply& /*reply*/) {
  return {};
}

/// Adds what a request may say of a guest beside its address.
template <class Request>
void add_guest_facts(CLI::App* app, const std::shared_ptr<Request>& request) {
  app->add_option_function<std::int64_t>(
    "--guest-memory",
    [request](std::int64_t bytes) {
      request->mutable_guest()->set_memory_bytes(bytes);
    },
    "Bytes of memory that the guest has");
  app
    ->add_option_function<std::string>(
      "--guest-policy",
      [request](const std::string& word) {
        request->mutable_guest()->set_policy(
          word == "set" ? v1::GUEST_POLICY_SET : v1::GUEST_POLICY_NONE);
      },
      "Whether the guest agent checks requests by a policy")
    ->check(CLI::IsMember({"none", "set"}));
}

void add_set_guest(command_set to, CLI::App* sandbox) {
  auto request = make_request<v1::SetGuestRequest>();
  auto* app = to.add(sandbox, "set-guest",
                     "Tell what prepare could not know of the guest yet");
  add_sandbox(app, request);
  app->add_option_function<std::string>(
    "ADDRESS",
    [request](const std::string& address) {
      request->mutable_guest()->set_address(address);
    },
    "Guest agent, as for prepare");
  add_guest_facts(app, request);
  to.calls<v1::SetGuestReply>(app, "SetGuest", request, render);
}

void add_prepare(command_set to, CLI::App* sandbox) {
  auto request = make_request<v1::PrepareRequest>();
  auto* app = to.add(sandbox, "prepare",
                     "Make the directories and mounts of a sandbox");
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
    "remote://PATH; needed for copies, set-guest tells it later");
  add_guest_facts(app, request);
  add_repeated(
    app, "--label",
    [request](const std::string& label) {
      const auto end = label.find('=');
      if (end == std::string::npos)
        throw CLI::ValidationError{"--label", "give NAME=VALUE"};
      (*request->mutable_labels())[label.substr(0, end)]
        = label.substr(end + 1);
    },
    "NAME=VALUE that is shown wherever the sandbox is");
  app->add_flag_callback(
    "--no-watchable",
    [request] {
      request->set_no_watchable(true);
    },
    "No storages that the guest agent watches");
  app->add_option_function<std::string>(
    "--local-dir",
    [request](const std::string& dir) {
      request->set_local_dir(dir);
    },
    "Where the guest agent makes emptyDirs that have nothing to be copied");
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
  app->add_option_function<std::string>(
    "--mount-namespace",
    [request](const std::string& path) {
      request->set_mount_namespace(path);
    },
    "Mount namespace of the shim, as /proc/PID/ns/mnt");
  add_owner(app, request);
  to.calls<v1::PrepareReply>(app, "Prepare", request, render);
}

} // namespace

void add_sandbox_commands(command_set to) {
  auto* sandbox = to.group("sandbox", "Sandboxes");
  add_prepare(to, sandbox);
  add_set_guest(to, sandbox);
  auto cleanup = make_request<v1::CleanupRequest>();
  auto* app = to.add(sandbox, "cleanup",
                     "Remove what was made on the host for a sandbox");
  add_sandbox(app, cleanup);
  to.calls<v1::CleanupReply>(app, "Cleanup", cleanup, render);
  auto discard = make_request<v1::CleanupRequest>();
  discard->set_abandoned(true);
  app
    = to.add(sandbox, "discard",
             "Remove what was made for a sandbox by a process before this one");
  add_sandbox(app, discard);
  to.calls<v1::CleanupReply>(app, "Cleanup", discard, render);
  to.calls<v1::ListSandboxesReply>(
    to.add(sandbox, "ls", "List all sandboxes"), "ListSandboxes",
    make_request<v1::ListSandboxesRequest>(), render);
  auto inspect = make_request<v1::GetSandboxRequest>();
  app = to.add(sandbox, "inspect", "Show everything about one sandbox");
  add_sandbox(app, inspect);
  to.calls<v1::GetSandboxReply>(app, "GetSandbox", inspect, render);
}

} // namespace fsshare::ctl
