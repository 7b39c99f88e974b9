// SPDX-License-Identifier: Apache-2.0
#include "ctl/events_command.hpp"

#include "ctl/command_set.hpp"
#include "ctl/event_list.hpp"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>

namespace fsshare::ctl {

namespace {

using namespace std::chrono_literals;

/// The longest wait that is asked for: the answer comes before a timeout.
std::chrono::nanoseconds wait_of(const invocation& asked) {
  constexpr std::chrono::nanoseconds longest = 30s;
  return std::min(longest, asked.timeout / 2);
}

v1::WatchEventsRequest request_of(const events_request& of) {
  v1::WatchEventsRequest out;
  out.set_sandbox_id(of.sandbox);
  out.set_volume(of.volume);
  return out;
}

/// As to_json(), in one line.
result<std::string> json_line(const v1::Event& event) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string out;
  const auto done
    = google::protobuf::util::MessageToJsonString(event, &out, options);
  if (!done.ok())
    return error{errc::internal, "print event: " + done.ToString()};
  return out;
}

/// @returns why it cannot be printed.
status print(const v1::WatchEventsReply& page, output_format format,
             bool is_first, std::ostream& out) {
  if (format != output_format::json)
    out << missing_line(page, is_first);
  for (const auto& each : page.events()) {
    if (format != output_format::json) {
      out << event_line(each) << '\n';
      continue;
    }
    const auto json = json_line(each);
    if (!json)
      return json.err();
    out << *json << '\n';
  }
  out.flush();
  return unit{};
}

int follow(const invocation& asked, const surroundings& with, std::ostream& out,
           std::ostream& err) {
  auto request = request_of(*asked.events);
  request.set_wait_ns(wait_of(asked).count());
  while (out) {
    v1::WatchEventsReply page;
    const auto outcome = ask_events(asked, with, request, page);
    if (!outcome.reply)
      return complain(err, outcome.reply.err(), exit_code_of(outcome));
    const bool is_first = request.events_after().empty();
    if (const auto printed = print(page, asked.format, is_first, out); !printed)
      return complain(err, printed.err(), refused);
    request.set_events_after(page.events_next());
  }
  return refused;
}

} // namespace

int run_events(const invocation& asked, const surroundings& with,
               std::ostream& out, std::ostream& err) {
  if (asked.events->follow)
    return follow(asked, with, out, err);
  v1::WatchEventsReply all;
  const auto outcome
    = ask_all_events(asked, with, request_of(*asked.events), all);
  if (!outcome.reply)
    return complain(err, outcome.reply.err(), exit_code_of(outcome));
  if (asked.format != output_format::json) {
    const auto printed = print(all, asked.format, true, out);
    return printed ? done : complain(err, printed.err(), refused);
  }
  const auto json = to_json(all);
  if (!json)
    return complain(err, json.err(), refused);
  out << *json;
  return done;
}

void add_events_command(command_set to) {
  auto request = std::make_shared<events_request>();
  auto* app = to.add("events", "Show what the node agent has done lately");
  app->add_flag_callback(
    "-f,--follow",
    [request] {
      request->follow = true;
    },
    "Go on with what happens next");
  app->add_option_function<std::string>(
    "--sandbox",
    [request](const std::string& id) {
      request->sandbox = id;
    },
    "Only of this sandbox");
  app->add_option_function<std::string>(
    "--volume",
    [request](const std::string& path) {
      request->volume = path;
    },
    "Only of this volume, or of shares of this source");
  to.lists_events(app, request);
}

} // namespace fsshare::ctl
