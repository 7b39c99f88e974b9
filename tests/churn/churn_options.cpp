// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/churn_options.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <random>
#include <string>

namespace fsshare::churn {

namespace {

/// Those of the tamperings that a churn can make.
const std::vector<std::string>& tampering_words() {
  static const std::vector<std::string> words{"file", "generation", "watcher",
                                              "share"};
  return words;
}

void add_seconds(CLI::App& app, const char* option, std::chrono::seconds& into,
                 const char* help, int least = 1) {
  app
    .add_option_function<std::uint32_t>(
      option,
      [&into](std::uint32_t count) {
        into = std::chrono::seconds{count};
      },
      help)
    ->check(CLI::Range(least, 1'000'000))
    ->default_str(std::to_string(into.count()));
}

} // namespace

std::variant<churn_options, int> parse_options(int argc, char** argv) {
  constexpr int exit_usage = 64;
  churn_options with;
  with.seed = std::random_device{}();
  std::string tamper;
  CLI::App app{"Rotates volumes under an fsshared that is killed and started "
               "again, and whose guests make trouble, and checks that no "
               "update is lost and nothing leaks. "
               "Exits with 0 if every check held, with 1 otherwise.",
               "fsshare-churn"};
  add_seconds(app, "--seconds", with.duration, "How long volumes are rotated");
  add_seconds(app, "--check-every", with.check_every,
              "Seconds between two check points");
  add_seconds(
    app, "--kill-every", with.kill_every,
    "Seconds between two kills of fsshared, on an average; 0 is never", 0);
  add_seconds(app, "--patience", with.patience,
              "Seconds that a check point waits for all copies");
  app.add_option("--volumes", with.volumes, "Volumes on the host")
    ->check(CLI::Range(1, 100'000))
    ->capture_default_str();
  app.add_option("--rate", with.rate, "Rotations per second")
    ->check(CLI::Range(0.1, 10'000.0))
    ->capture_default_str();
  app.add_option("--seed", with.seed, "Of the sequence of actions")
    ->default_str("random, printed");
  app
    .add_option("--growth", with.growth_mib,
                "MiB by which fsshared may grow after the first check point")
    ->capture_default_str();
  app
    .add_option("--tamper", tamper,
                "Self-check: spoil this, so that a check must fail")
    ->check(CLI::IsMember(tampering_words()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "fsshare-churn: " << wrong.what() << "\n";
    return exit_usage;
  }
  with.tamper = test::parse_tampering(tamper);
  return with;
}

} // namespace fsshare::churn
