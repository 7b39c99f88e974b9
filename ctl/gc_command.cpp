// SPDX-License-Identifier: Apache-2.0
#include "ctl/gc_command.hpp"

#include "ctl/command_options.hpp"
#include "ctl/command_set.hpp"
#include "ctl/conversation.hpp"
#include "ctl/render.hpp"
#include "ctl/table.hpp"
#include "proto/fsshare.pb.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace fsshare::ctl {

namespace {

std::string state_of(const v1::Orphan& orphan) {
  if (orphan.removed())
    return "removed";
  return orphan.reason().empty() ? "orphan" : "stays: " + orphan.reason();
}

std::string state_of(const v1::AsideFile& file) {
  if (file.removed())
    return "removed";
  return file.reason().empty() ? "not needed" : "stays: " + file.reason();
}

std::string aside_table(const v1::CollectOrphansReply& reply) {
  if (reply.asides().empty())
    return {};
  table out{{"STATE FILE SET ASIDE", "STATE"}};
  for (const auto& each : reply.asides())
    out.add({each.sandbox_id(), state_of(each)});
  return out.text() + more_of("state files", reply.asides_more());
}

std::string render(const v1::CollectOrphansReply& reply) {
  std::string out;
  google::protobuf::RepeatedPtrField<v1::PathReason> foreign = reply.foreign();
  std::uint64_t more = reply.foreign_more();
  if (!reply.orphans().empty()) {
    table orphans{{"SANDBOX", "STATE"}};
    for (const auto& each : reply.orphans()) {
      orphans.add({each.sandbox_id(), state_of(each)});
      foreign.MergeFrom(each.foreign());
      more += each.foreign_more();
    }
    out += orphans.text() + more_of("orphans", reply.orphans_more());
  } else {
    out += "no orphans\n";
  }
  return out + aside_table(reply) + section("NOT OURS", foreign)
         + more_of("paths", more);
}

v1::CollectOrphansReply to_wire(const collect_orphans_reply& reply) {
  const auto put = [](const std::vector<path_reason>& from,
                      google::protobuf::RepeatedPtrField<v1::PathReason>* to) {
    for (const auto& [path, reason] : from) {
      auto* made = to->Add();
      made->set_path(for_terminal(path));
      made->set_reason(for_terminal(reason));
    }
  };
  v1::CollectOrphansReply out;
  for (const auto& each : reply.orphans) {
    auto* made = out.add_orphans();
    made->set_sandbox_id(each.sandbox_id);
    made->set_removed(each.removed);
    made->set_reason(for_terminal(each.reason));
    put(each.foreign, made->mutable_foreign());
  }
  put(reply.foreign, out.mutable_foreign());
  for (const auto& each : reply.asides) {
    auto* made = out.add_asides();
    made->set_sandbox_id(each.sandbox_id);
    made->set_removed(each.removed);
    made->set_reason(for_terminal(each.reason));
  }
  return out;
}

/// Asks the node agent, and does it where there is none.
call_outcome collect(const node_config& config, const std::string& endpoint,
                     const invocation& asked, const surroundings& with,
                     v1::CollectOrphansReply& reply) {
  v1::CollectOrphansRequest request;
  request.set_remove(asked.gc->remove);
  call_command<v1::CollectOrphansRequest, v1::CollectOrphansReply> call{
    "CollectOrphans", request, nullptr, nullptr};
  auto outcome = converse(call, with.call, endpoint, asked.timeout);
  if (outcome.reply)
    reply = static_cast<v1::CollectOrphansReply&>(call.reply());
  if (outcome.reply || outcome.end != call_end::unreachable
      || outcome.reply.err().code == errc::permission_denied)
    return outcome;
  const auto done = with.collect(config, {{}, {}, asked.gc->remove});
  if (!done)
    return {done.err(), call_end::answered};
  reply = to_wire(*done);
  return {std::string{}, call_end::answered};
}

} // namespace

int run_gc(const invocation& asked, const surroundings& with, std::ostream& out,
           std::ostream& err) {
  const auto config = load_asked(asked.gc->config_file, with.user);
  if (!config)
    return complain(err, config.err(), wrong_config);
  const auto endpoint
    = asked.endpoint_is_named ? asked.endpoint : config->api.socket;
  v1::CollectOrphansReply reply;
  const auto outcome = collect(*config, endpoint, asked, with, reply);
  if (!outcome.reply)
    return complain(err, outcome.reply.err(), exit_code_of(outcome));
  if (asked.format == output_format::json) {
    const auto json = to_json(reply);
    if (!json)
      return complain(err, json.err(), refused);
    out << *json;
  } else {
    out << render(reply);
  }
  const auto& orphans = reply.orphans();
  const bool stays
    = std::any_of(orphans.begin(), orphans.end(), [](const auto& each) {
        return !each.reason().empty();
      });
  const bool is_left = asked.gc->remove
                       && std::any_of(reply.asides().begin(),
                                      reply.asides().end(), [](const auto& x) {
                                        return !x.reason().empty();
                                      });
  return stays || is_left ? refused : done;
}

void add_gc_command(command_set to) {
  auto request = std::make_shared<gc_request>();
  auto* app = to.add("gc", "Remove what was made for sandboxes that nobody "
                           "knows any more");
  add_config_file(app, request);
  auto* how = app->add_option_group("what is done", "One of both is needed");
  how->add_flag_callback(
    "--dry-run",
    [request] {
      request->remove = false;
    },
    "Only list it");
  how->add_flag_callback(
    "--yes",
    [request] {
      request->remove = true;
    },
    "Remove it");
  how->require_option(1);
  to.collects(app, request);
}

} // namespace fsshare::ctl
