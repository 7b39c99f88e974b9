// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bench_options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace fsshare::bench {

std::variant<bench_options, int> parse_options(int argc, char** argv) {
  constexpr int exit_usage = 64;
  bench_options with;
  CLI::App app{"Runs fsshared and its peers side by side and prints how long "
               "they take. Exits with 0, with 1 if a comparison fails.",
               "fsshare-bench"};
  app.add_flag_callback(
    "--full",
    [&with] {
      with.how_much = extent::full;
    },
    "Rows and figures that take long, too");
  app
    .add_option("--only", with.only,
                "Only rows and figures whose id begins with this")
    ->type_name("ID");
  app
    .add_option("--repeats", with.repeats,
                "How often each side does the work of a row (default: as the "
                "row says)")
    ->check(CLI::Range(1, 1000));
  app.add_option("--json", with.json_file, "Writes the report to FILE")
    ->type_name("FILE");
  app.add_option("--markdown", with.markdown_file, "Writes the table to FILE")
    ->type_name("FILE");
  app
    .add_option("--check", with.check_file,
                "Measures only the rows whose ratios FILE has, and compares")
    ->type_name("FILE");
  app
    .add_option(
      "--curves", with.curves_file,
      "Measures only what rotations cost against how much rotates, and "
      "plots it to FILE, an SVG")
    ->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "fsshare-bench: " << wrong.what() << "\n";
    return exit_usage;
  }
  return with;
}

} // namespace fsshare::bench
