// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.hpp"

#include "config/node_config.hpp"
#include "core/text/duration_text.hpp"
#include "ctl/command_set.hpp"
#include "ctl/examples.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace fsshare::ctl {

namespace {

constexpr int exit_usage = 64;

/// Long enough for the first copy of a large directory.
constexpr const char* default_timeout = "5m";

/// The parser with all commands and what belongs to each of them.
class command_line {
public:
  explicit command_line(const std::string& version);

  std::variant<invocation, usage> parse(std::vector<std::string> args);

private:
  CLI::App app_{"Asks the node agent of fsshare to share filesystems with "
                "guests, and shows what it does.",
                "fssharectl"};
  invocation into_;
};

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
        into_.endpoint_is_named = true;
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
  const command_set commands{app_, into_};
  add_sandbox_commands(commands);
  add_share_commands(commands);
  add_rootfs_commands(commands);
  add_volume_commands(commands);
  add_watcher_commands(commands);
  add_events_command(commands);
  add_top_command(commands);
  add_doctor_command(commands);
  add_gc_command(commands);
  add_version_command(commands);
  add_completion_command(commands);
  add_examples(app_);
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
