// SPDX-License-Identifier: Apache-2.0
#include "ctl/program.hpp"

#include "config/load_config.hpp"
#include "ctl/command_line.hpp"
#include "ctl/doctor_command.hpp"
#include "ctl/events_command.hpp"
#include "ctl/explain_command.hpp"
#include "ctl/gc_command.hpp"
#include "ctl/table.hpp"
#include "ctl/top_command.hpp"
#include "ttrpc/blocking_client.hpp"

#include <google/protobuf/util/json_util.h>
#include <ostream>

namespace fsshare::ctl {

namespace {

constexpr const char* service = "fsshare.v1.FilesystemShare";

} // namespace

int complain(std::ostream& err, const error& why, exit_code code) {
  err << "fssharectl: " << to_string(why.code) << ": "
      << for_terminal(why.message) << '\n';
  return code;
}

exit_code exit_code_of(const call_outcome& outcome) {
  switch (outcome.end) {
  case call_end::unreachable: return unreachable;
  case call_end::timed_out: return deadline;
  case call_end::answered: break;
  }
  return refused;
}

result<std::string> to_json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string out;
  const auto done
    = google::protobuf::util::MessageToJsonString(message, &out, options);
  if (!done.ok())
    return error{errc::internal, "print reply: " + done.ToString()};
  return out;
}

result<node_config> load_asked(const std::string& file, std::uint32_t user) {
  const bool is_named = !file.empty();
  return load_config(is_named ? file : default_config_file,
                     is_named ? config_file::required : config_file::optional,
                     default_config(user));
}

call_outcome call_node_agent(const std::string& endpoint, const char* method,
                             const std::string& payload,
                             std::chrono::nanoseconds timeout) {
  guest_address address;
  address.path = endpoint;
  auto client = ttrpc::blocking_client::connect(address);
  if (!client)
    return {client.err(), call_end::unreachable};
  auto reply = client->call(service, method, as_bytes(payload), timeout);
  if (reply)
    return {std::string{as_text(*reply)}, call_end::answered};
  if (client->has_timed_out())
    return {reply.err(), call_end::timed_out};
  return {reply.err(),
          client->is_lost() ? call_end::unreachable : call_end::answered};
}

int run(std::vector<std::string> args, const std::string& version,
        const surroundings& with, std::ostream& out, std::ostream& err) {
  auto parsed = parse_command_line(std::move(args), version);
  if (const auto* other = std::get_if<usage>(&parsed)) {
    (other->exit_code == 0 ? out : err) << other->text;
    return other->exit_code;
  }
  auto& asked = std::get<invocation>(parsed);
  if (asked.text) {
    out << *asked.text;
    return done;
  }
  if (asked.doctor)
    return run_doctor(asked, with, out);
  if (asked.gc)
    return run_gc(asked, with, out, err);
  if (asked.events)
    return run_events(asked, with, out, err);
  if (asked.explain)
    return run_explain(asked, with, out, err);
  if (asked.is_top)
    return run_top(asked, with, out, err);
  auto& command = *asked.call;
  const auto outcome
    = converse(command, with.call, asked.endpoint, asked.timeout);
  if (!outcome.reply)
    return complain(err, outcome.reply.err(), exit_code_of(outcome));
  if (asked.format != output_format::json) {
    out << (asked.format == output_format::table ? command.reply_text()
                                                 : command.wide_text());
    return done;
  }
  const auto json = to_json(command.reply());
  if (!json)
    return complain(err, json.err(), refused);
  out << *json;
  return done;
}

} // namespace fsshare::ctl
