// SPDX-License-Identifier: Apache-2.0
#include "config/describe_config.hpp"
#include "config/load_config.hpp"
#include "core/pacing.hpp"
#include "core/text/duration_text.hpp"
#include "log/log.hpp"
#include "main/build_info.hpp"
#include "main/node_agent.hpp"
#include "main/reload.hpp"
#include "messages/errors.hpp"
#include "metrics/metrics_text.hpp"
#include "sys/process/core_dumps.hpp"
#include "sys/process/eager_binding.hpp"
#include "sys/process/end_signals.hpp"
#include "sys/process/file_mask.hpp"
#include "sys/process/identity.hpp"
#include "sys/process/inherited_socket.hpp"
#include "sys/process/kernel_calls.hpp"
#include "sys/process/service_manager.hpp"
#include "sys/process/standard_descriptors.hpp"
#include "ttrpc/protobuf_log.hpp"

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace fsshare;

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 64;
constexpr int exit_config = 78;

struct arguments {
  std::string config;
  bool check_config = false;
  bool print_config = false;
  /// Form of the description; empty for none.
  std::string describe_config;
  bool describe_events = false;
  bool describe_metrics = false;
};

int refuse(int code, const error& why) {
  std::cerr << "fsshared: " << to_string(why.code) << ": " << why.message
            << "\n";
  return code;
}

/// Has the last lines written, and does not return where nobody takes them.
int logged(int code) {
  if (!log::end(pacing::last_lines))
    std::_Exit(code);
  return code;
}

/// Waits for the next signal, or as long as the manager wants to hear nothing.
std::optional<end_signals::arrival> next_signal(const end_signals& signals,
                                                std::chrono::nanoseconds beat) {
  if (beat.count() == 0)
    return signals.wait();
  return signals.wait_for(beat);
}

std::string serving(const node_config& config) {
  return "serving " + config.api.socket;
}

void reload(live_config& config, const service_manager& manager) {
  manager.say_reloading();
  config.reload();
  manager.say_ready(serving(config.config()));
}

/// Waits for a signal that ends it, and tells the manager meanwhile that all is
/// well, if it wants to hear it.
int await_end(const end_signals& signals, const service_manager& manager,
              node_agent& agent, live_config& config) {
  // Late by a half at most: time for a word that comes after a long wait.
  const auto beat = manager.patience().value_or(std::chrono::seconds{0}) / 4;
  for (;;) {
    const auto signal = next_signal(signals, beat);
    if (signal && signal->what == end_signals::request::end)
      return signal->number;
    if (signal)
      reload(config, manager);
    else if (agent.is_alive(beat))
      manager.say_alive();
    else
      log::error("not-alive", {{"limit", format_duration(beat)}});
  }
}

/// Ends the process where an actor has died, whatever else it is doing: what is
/// written down is what its successor goes on with. Any thread.
[[noreturn]] void end_after(const actor_death& death,
                            const service_manager& manager) noexcept {
  static std::atomic<bool> has_begun{false};
  // What dies then dies of that.
  while (has_begun.exchange(true))
    std::this_thread::sleep_for(pacing::last_lines);
  auto who = death.actor;
  if (death.sandbox.empty()) {
    log::error("actor-died", {{"actor", death.actor}, {"reason", death.why}});
  } else {
    who += " of sandbox '" + death.sandbox + "'";
    log::error("actor-died", {{"actor", death.actor},
                              {"sandbox", death.sandbox},
                              {"reason", death.why}});
  }
  manager.say_stopping("ending, " + who + " died: " + death.why);
  log::end(pacing::last_lines);
  std::_Exit(exit_failed);
}

int serve(live_config live, const end_signals& signals,
          const service_manager& manager, std::optional<unique_fd> lent) {
  const auto& config = live.config();
  if (const auto can = check_needed_calls(); !can)
    return refuse(exit_failed, can.err());
  const auto undumpable = forbid_core_dumps();
  log::set_up(config.log);
  if (!undumpable)
    log::warning("core-dumps-allowed", {{"error", undumpable.err().message}});
  ttrpc::catch_protobuf_messages([](const std::string& message) {
    log::warning("protobuf", {{"message", message}});
  });
  // Others write nothing of what is made here, whatever the caller's mask was.
  set_file_mask(0022);
  auto agent = node_agent::start(
    config,
    [&manager](const actor_death& death) {
      end_after(death, manager);
    },
    std::move(lent));
  if (!agent)
    return logged(refuse(exit_failed, agent.err()));
  log::info("started", {{"version", build_info::version},
                        {"commit", build_info::commit},
                        {"socket", config.api.socket},
                        {"share_root", config.share.root},
                        {"http", (*agent)->http_state()}});
  manager.say_ready(serving(config));
  const auto signal = await_end(signals, manager, **agent, live);
  manager.say_stopping("ending");
  log::info("stopping", {{"signal", signal}});
  end_signals::limit_end(config.shutdown.grace);
  agent->reset();
  log::info("stopped");
  return logged(exit_done);
}

/// Prints what documents say of the program.
int describe(const arguments& with) {
  if (with.describe_config == "markdown")
    std::cout << config_as_markdown();
  if (with.describe_config == "man")
    std::cout << config_as_man();
  if (with.describe_config == "schema")
    std::cout << config_as_schema();
  if (with.describe_events)
    std::cout << log::events_as_markdown();
  if (with.describe_metrics)
    std::cout << metrics_as_markdown();
  return exit_done;
}

int run(const arguments& with) {
  if (!with.describe_config.empty() || with.describe_events
      || with.describe_metrics)
    return describe(with);
  // Before any thread starts.
  const end_signals signals;
  const auto manager = service_manager::from_environment();
  const std::string file
    = with.config.empty() ? default_config_file : with.config;
  const auto load = [file, is_named = !with.config.empty()] {
    return load_config(file,
                       is_named ? config_file::required : config_file::optional,
                       default_config(effective_uid()));
  };
  const auto config = load();
  if (!config)
    return refuse(exit_config, config.err());
  if (with.print_config)
    std::cout << to_json_text(*config);
  if (with.check_config && !with.print_config)
    std::cout << "configuration is valid\n";
  if (with.check_config || with.print_config)
    return exit_done;
  auto lent = take_inherited_socket(config->api.socket);
  if (!lent)
    return refuse(exit_config, lent.err());
  return serve({*config, file, load}, signals, manager, *std::move(lent));
}

int parse_and_run(int argc, char** argv) {
  arguments with;
  CLI::App app{"Shares filesystems with micro-VM sandboxes, and keeps copied "
               "volumes current.",
               "fsshared"};
  app.set_version_flag("--version", version_line("fsshared"));
  app
    .add_option("--config", with.config,
                "Configuration file; config.d/*.json beside it is merged in")
    ->type_name("FILE");
  app.add_flag("--check-config", with.check_config,
               "Only check the configuration");
  app.add_flag("--print-config", with.print_config,
               "Print the configuration with all defaults, and end");
  app
    .add_flag("--describe-config{markdown}", with.describe_config,
              "Print what there is to know of each key, and end; in the form "
              "=markdown, =man or =schema (JSON Schema)")
    ->check(CLI::IsMember({"markdown", "man", "schema"}));
  app.add_flag("--describe-events", with.describe_events,
               "Print what events of the log mean, in Markdown, and end");
  app.add_flag("--describe-metrics", with.describe_metrics,
               "Print what metrics there are, in Markdown, and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "fsshared: " << wrong.what() << "\n";
    return exit_usage;
  }
  return run(with);
}

// What no handler catches, as in a thread of a library, ends the process; with
// a word about why, and so that whoever started it starts it again.
[[noreturn]] void end_at_once() {
  std::string why = "terminated";
  if (const auto thrown = std::current_exception())
    why = describe_exception(thrown, "terminated").message;
  std::cerr << "fsshared: INTERNAL: " << why << std::endl;
  std::_Exit(exit_failed);
}

} // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  bind_eagerly(argv);
  std::set_terminate(end_at_once);
  try {
    return parse_and_run(argc, argv);
  } catch (...) {
    return refuse(exit_failed,
                  describe_exception(std::current_exception(), "start"));
  }
}
