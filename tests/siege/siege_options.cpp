// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/siege_options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace fsshare::siege {

namespace {

template <class Duration>
void add_time(CLI::App& app, const char* option, Duration& into,
              const char* help) {
  app
    .add_option_function<std::uint32_t>(
      option,
      [&into](std::uint32_t count) {
        into = Duration{count};
      },
      help)
    ->check(CLI::Range(1, 1'000'000))
    ->default_str(std::to_string(into.count()));
}

} // namespace

std::variant<siege_options, int> parse_options(int argc, char** argv) {
  constexpr int exit_usage = 64;
  siege_options with;
  CLI::App app{"Serves honest sandboxes while guests, sources, clients and the "
               "reader of the log are hostile, and checks that the honest "
               "notice little of it. Exits with 0 if every check held, with 1 "
               "otherwise.",
               "fsshare-siege"};
  add_time(app, "--seconds", with.duration, "How long everybody is hostile");
  add_time(app, "--quiet", with.quiet,
           "Seconds without hostility before, to compare with");
  app
    .add_option("--rss-mib", with.rss_mib,
                "MiB of memory that fsshared may take")
    ->capture_default_str();
  app
    .add_option("--lag-factor", with.lag_factor,
                "What the median lag may grow by")
    ->capture_default_str();
  add_time(app, "--request-ms", with.request_limit,
           "Milliseconds that Prepare and Cleanup may take");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "fsshare-siege: " << wrong.what() << "\n";
    return exit_usage;
  }
  return with;
}

} // namespace fsshare::siege
