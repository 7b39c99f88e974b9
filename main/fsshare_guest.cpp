// SPDX-License-Identifier: Apache-2.0
#include "core/text/duration_text.hpp"
#include "guest/service.hpp"
#include "main/build_info.hpp"
#include "sys/process/end_signals.hpp"
#include "sys/process/file_mask.hpp"
#include "sys/process/standard_descriptors.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace {

using namespace fsshare;

constexpr int exit_refused = 1;
constexpr int exit_usage = 64;

// More threads than this only hide a typing error.
constexpr unsigned most_workers = 256;

struct options {
  guest::service_options service;
  std::string root;
  guest::profile profile = guest::profile::v4_0;
  std::string stats_file;
};

// CLI11 wants an exception for what it is to refuse.
template <class T>
T value_or_refuse(const char* option, result<T> parsed) {
  if (!parsed)
    throw CLI::ValidationError{option, parsed.err().message};
  return std::move(*parsed);
}

void add_duration(CLI::App& app, const char* option,
                  std::chrono::nanoseconds& into, const char* help) {
  app
    .add_option_function<std::string>(
      option,
      [option, &into](const std::string& text) {
        into = value_or_refuse(option, parse_duration(text));
      },
      help)
    ->type_name("DURATION");
}

void add_service_options(CLI::App& app, options& into) {
  app
    .add_option_function<std::string>(
      "--listen",
      [&into](const std::string& text) {
        into.service.listen
          = value_or_refuse("--listen", parse_guest_address(text));
      },
      "unix://PATH, unix://@NAME, remote://PATH, hvsock://PATH:PORT or "
      "vsock://CID:PORT")
    ->required()
    ->type_name("ADDRESS");
  app
    .add_option("--workers", into.service.workers,
                "Threads that carry requests out, in any order if several")
    ->check(CLI::Range(1U, most_workers))
    ->capture_default_str();
  add_duration(app, "--delay", into.service.delay,
               "How long each request waits first, holding no worker, e.g. "
               "1ms");
  add_duration(app, "--service-time", into.service.service_time,
               "CPU time that each request costs a worker, e.g. 200us");
}

void add_fault_options(CLI::App& app, guest::fault_options& into) {
  app
    .add_option("--fail-every", into.fail_every,
                "Each Nth CopyFile is answered INTERNAL and changes nothing")
    ->check(CLI::PositiveNumber)
    ->type_name("N");
  app
    .add_option("--deny-after", into.deny_after,
                "After N requests each CopyFile is answered PERMISSION_DENIED, "
                "as by a policy, and changes nothing")
    ->check(CLI::PositiveNumber)
    ->type_name("N");
  app
    .add_option("--drop-after", into.drop_after,
                "After N requests the connection is closed once, the next "
                "request not carried out")
    ->check(CLI::PositiveNumber)
    ->type_name("N");
  app
    .add_option("--hang-after", into.hang_after,
                "After N requests nothing is carried out or answered")
    ->check(CLI::PositiveNumber)
    ->type_name("N");
}

void add_store_options(CLI::App& app, options& into) {
  app
    .add_option("--root", into.root,
                "Existing directory that stands for the guest's share; nothing "
                "is written out of it")
    ->required()
    ->type_name("DIR");
  app
    .add_option_function<std::string>(
      "--profile",
      [&into](const std::string& text) {
        const auto known = guest::parse_profile(text);
        if (!known)
          throw CLI::ValidationError{
            "--profile", text + " is none of 3.3, 3.18, 4.0 and 4.2"};
        into.profile = *known;
      },
      "Guest agents to behave like: 3.3, 3.18 or 4.0 and their successors, or "
      "4.2 as it is proposed (default 4.0)")
    ->type_name("VERSION");
  app
    .add_option("--stats", into.stats_file,
                "Writes what was served to FILE, as JSON, at the end")
    ->type_name("FILE");
}

bool write_stats(const std::string& file, const guest::service_stats& stats) {
  const nlohmann::json text{{"connections", stats.connections},
                            {"requests", stats.requests},
                            {"copy_file_requests", stats.copy_file_requests},
                            {"copy_file_bytes", stats.copy_file_bytes},
                            {"succeeded", stats.succeeded},
                            {"failed", stats.failed},
                            {"late", stats.late}};
  std::ofstream out{file};
  out << text.dump() << "\n";
  return static_cast<bool>(out.flush());
}

int refuse(const std::string& why) {
  std::cerr << "fsshare-guest: " << why << "\n";
  return exit_refused;
}

int serve(const options& with) {
  // As in a guest. Before any thread starts, because it is the process's.
  set_file_mask(0022);
  const end_signals signals;
  auto store = guest::file_store::open(with.root, with.profile);
  if (!store)
    return refuse(store.err().message);
  io_loop loop;
  auto served = guest::service::open(loop, guest::guest_api{std::move(*store)},
                                     with.service);
  if (!served)
    return refuse(served.err().message);
  std::cout << "listening on " << to_string(with.service.listen) << std::endl;
  signals.wait();
  (*served)->stop();
  const auto stats = (*served)->stats();
  if (!with.stats_file.empty() && !write_stats(with.stats_file, stats))
    return refuse("write " + with.stats_file + ": failed");
  return 0;
}

int run(int argc, char** argv) {
  options with;
  CLI::App app{"Stands in for the guest agent of Kata Containers: serves its "
               "CopyFile and Health calls on a directory.",
               "fsshare-guest"};
  app.set_version_flag("--version", version_line("fsshare-guest"));
  add_service_options(app, with);
  add_store_options(app, with);
  add_fault_options(app, with.service.faults);
  add_duration(app, "--late", with.service.late,
               "What had been received when its connection ended is carried "
               "out that much later");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "fsshare-guest: " << wrong.what() << "\n";
    return exit_usage;
  }
  return serve(with);
}

} // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  try {
    return run(argc, argv);
  } catch (const std::exception& failed) {
    return refuse(failed.what());
  }
}
