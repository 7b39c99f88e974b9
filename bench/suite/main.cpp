// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bench_options.hpp"
#include "bench/suite/bind_rows.hpp"
#include "bench/suite/check_run.hpp"
#include "bench/suite/copy_rows.hpp"
#include "bench/suite/cost_curves.hpp"
#include "bench/suite/crowd_figures.hpp"
#include "bench/suite/instruction_counts.hpp"
#include "bench/suite/journal_figures.hpp"
#include "bench/suite/machine.hpp"
#include "bench/suite/prepare_rows.hpp"
#include "bench/suite/report.hpp"
#include "bench/suite/rotation_rows.hpp"
#include "bench/suite/slow_guest_rows.hpp"
#include "bench/suite/trouble_rows.hpp"
#include "tests/support/program_main.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace {

using namespace fsshare;
using namespace fsshare::bench;

std::vector<row> all_rows() {
  std::vector<row> out;
  for (auto* rows : {copy_rows, rotation_rows, slow_guest_rows, trouble_rows,
                     bind_rows, prepare_rows})
    for (auto& each : rows())
      out.push_back(std::move(each));
  return out;
}

std::vector<row> wanted_rows(const bench_options& with) {
  auto out = all_rows();
  std::erase_if(out, [&](const row& each) {
    return each.since > with.how_much || !each.id.starts_with(with.only);
  });
  if (with.repeats > 0)
    for (auto& each : out)
      each.repeats = with.repeats;
  return out;
}

void write(const std::string& file, const std::string& text) {
  if (file.empty())
    return;
  std::ofstream out{file};
  out << text;
  if (!out.flush())
    throw std::runtime_error{"write " + file + ": failed"};
}

/// What is counted with callgrind, under the id of a row.
constexpr std::string_view instructions_id = "instructions";

std::vector<figure> measure_figures(const bench_options& with) {
  std::vector<figure> out;
  for (auto* groups : {crowd_figures, journal_figures})
    for (const auto& group : groups())
      if (group.since <= with.how_much && group.id.starts_with(with.only))
        for (auto& each : group.measure())
          out.push_back(std::move(each));
  if (instructions_id.starts_with(with.only))
    for (const auto counted = count_instructions();
         const auto& [what, count] : counted)
      out.push_back({what, count, "instructions", 0});
  return out;
}

int plot_curves(const bench_options& with) {
  constexpr std::size_t columns = 4;
  const auto curves = measure_curves();
  const auto table = curves_markdown(curves);
  std::cout << table;
  write(with.markdown_file, table);
  write(with.curves_file, to_svg(curve_plots(curves), columns));
  return 0;
}

int report_rows(const bench_options& with) {
  report out{describe_machine(), {}, {}};
  for (const auto& each : wanted_rows(with)) {
    std::cerr << "bench: " << each.work << "\n";
    out.rows.push_back(measure(each));
  }
  out.figures = measure_figures(with);
  const auto table = to_markdown(out);
  std::cout << table;
  write(with.markdown_file, table);
  write(with.json_file, to_json(out));
  return 0;
}

int check(const bench_options& with) {
  const auto known = parse_known_ratios(test::read_file(with.check_file));
  return check_against(known, wanted_rows(with)).finish();
}

int run(const bench_options& with) {
  if (!with.curves_file.empty())
    return plot_curves(with);
  return with.check_file.empty() ? report_rows(with) : check(with);
}

} // namespace

int main(int argc, char** argv) {
  return test::run_program(
    "fsshare-bench",
    [&] {
      return parse_options(argc, argv);
    },
    run);
}
