// SPDX-License-Identifier: Apache-2.0
#include "ctl/doctor_command.hpp"

#include "config/node_config.hpp"
#include "core/doctor/examination.hpp"
#include "core/pacing.hpp"
#include "ctl/command_options.hpp"
#include "ctl/command_set.hpp"
#include "ctl/conversation.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

namespace fsshare::ctl {

namespace {

doctor_subject subject_of(const node_config& config,
                          const std::string& socket) {
  doctor_subject out;
  out.share_root = config.share.root;
  out.must_be_visible = config.mounts.visibility == visibility_check::proven;
  out.socket = socket;
  out.allowed_uids = config.api.allowed_uids;
  out.copy_mark_dir = copy_mark_dir(config);
  out.kubelet_roots = config.volumes.kubelet_roots;
  out.kubelet_roots_only = config.volumes.match == volume_match::kubelet_root;
  return out;
}

/// Asks the node agent one thing after the other, until one is not answered.
class interview {
public:
  interview(caller call, std::string endpoint, std::chrono::nanoseconds timeout)
    : call_(std::move(call)), endpoint_(std::move(endpoint)),
      timeout_(timeout) {
  }

  template <class Reply, class Request>
  Reply ask(const char* method, const Request& request) {
    call_command<Request, Reply> what{method, request, nullptr, nullptr};
    if (facts_.answer != node_answer::answered && has_begun_)
      return {};
    has_begun_ = true;
    const auto outcome = converse(what, call_, endpoint_, timeout_);
    if (outcome.reply) {
      facts_.answer = node_answer::answered;
      return static_cast<Reply&>(what.reply());
    }
    facts_.reason = outcome.reply.err().message;
    facts_.answer = answer_of(outcome);
    return {};
  }

  node_facts& facts() {
    return facts_;
  }

private:
  static node_answer answer_of(const call_outcome& outcome) {
    if (outcome.end == call_end::timed_out)
      return node_answer::silent;
    // A socket that this user may not use is there nevertheless.
    const bool is_away = outcome.end == call_end::unreachable
                         && outcome.reply.err().code != errc::permission_denied;
    return is_away ? node_answer::absent : node_answer::refused;
  }

  caller call_;
  std::string endpoint_;
  std::chrono::nanoseconds timeout_;
  node_facts facts_;
  bool has_begun_ = false;
};

known_sandbox take(const v1::SandboxStatus& of) {
  known_sandbox out;
  out.id = of.sandbox_id();
  out.gets_copies = of.mode() == v1::SHARING_MODE_COPY;
  out.guest_connected = of.guest_connected();
  out.shares = of.shares();
  out.leftovers
    = static_cast<std::uint64_t>(of.pending_size()) + of.pending_more();
  out.owner_gone = of.owner().state() == v1::OWNER_STATE_GONE;
  return out;
}

copy_facts take(const v1::ListVolumesReply& reply) {
  copy_facts out;
  for (const auto& volume : reply.volumes()) {
    ++out.volumes;
    out.unwatched += volume.watched() ? 0 : 1;
    for (const auto& at : volume.destinations()) {
      ++out.copies;
      if (at.current())
        continue;
      ++out.stale;
      if (out.example.empty())
        out.example
          = volume.path() + " in " + at.sandbox_id() + ": "
            + (at.reason().empty() ? "it is being copied" : at.reason());
    }
  }
  return out;
}

node_facts ask_node_agent(const surroundings& with, const std::string& endpoint,
                          std::chrono::nanoseconds timeout) {
  interview node{
    with.call, endpoint,
    std::min<std::chrono::nanoseconds>(timeout, pacing::bounded_call)};
  const auto version
    = node.ask<v1::VersionReply>("Version", v1::VersionRequest{});
  const auto sandboxes = node.ask<v1::ListSandboxesReply>(
    "ListSandboxes", v1::ListSandboxesRequest{});
  const auto volumes
    = node.ask<v1::ListVolumesReply>("ListVolumes", v1::ListVolumesRequest{});
  auto facts = std::move(node.facts());
  facts.version = version.version();
  facts.own_version = with.version;
  for (const auto& each : sandboxes.sandboxes())
    facts.sandboxes.push_back(take(each));
  facts.copies = take(volumes);
  return facts;
}

} // namespace

std::string to_text(const findings& all) {
  std::size_t widest = 0;
  for (const auto& each : all)
    widest = std::max(widest, each.check.size());
  std::string out;
  for (const auto& each : all) {
    std::string level = to_string(each.level);
    level.resize(6, ' ');
    auto check = each.check;
    check.resize(widest + 2, ' ');
    out += level + check + for_terminal(each.found) + "\n";
    if (!each.cure.empty())
      out += std::string(level.size() + check.size(), ' ')
             + "cure: " + for_terminal(each.cure) + "\n";
  }
  for (const auto level :
       {finding_level::ok, finding_level::warn, finding_level::fail})
    out += (level == finding_level::ok ? "" : ", ")
           + std::to_string(count_of(all, level)) + " " + to_string(level);
  return out + "\n";
}

int run_doctor(const invocation& asked, const surroundings& with,
               std::ostream& out) {
  const auto config = load_asked(asked.doctor->config_file, with.user);
  const auto used = config ? *config : default_config(with.user);
  const auto endpoint
    = asked.endpoint_is_named ? asked.endpoint : used.api.socket;
  findings all;
  if (config)
    all.push_back({finding_level::ok, "configuration", "it is valid", {}});
  else
    all.push_back({finding_level::fail, "configuration",
                   config.err().message + "; what follows goes by the defaults",
                   "mend it: fsshared --check-config"});
  const auto subject = subject_of(used, endpoint);
  // First: afterwards threads run.
  const auto host = with.look(used, subject);
  const auto node = ask_node_agent(with, endpoint, asked.timeout);
  for (auto& each : examine(subject, host, node))
    all.push_back(std::move(each));
  out << (asked.format == output_format::json ? to_json_text(all)
                                              : to_text(all));
  if (!config)
    return wrong_config;
  return count_of(all, finding_level::fail) > 0 ? refused : done;
}

void add_doctor_command(command_set to) {
  auto request = std::make_shared<doctor_request>();
  auto* app = to.add("doctor", "Look whether all is well with this node");
  add_config_file(app, request);
  to.examines(app, request);
}

} // namespace fsshare::ctl
