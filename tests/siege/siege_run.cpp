// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/siege_run.hpp"

#include "core/paths.hpp"
#include "tests/support/text_table.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace fsshare::siege {

namespace {

using test::milliseconds;

constexpr std::size_t honest_sandboxes = 5;
constexpr std::size_t hung_sources = 10;
/// `shutdown.grace` and a little for what is not limited by it.
constexpr std::chrono::seconds end_limit{12};

std::string in_ms(milliseconds time) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.2f", time.count());
  return text;
}

test::table_row row_of(std::string name,
                       const std::vector<milliseconds>& sorted) {
  return {std::move(name), std::to_string(sorted.size()),
          in_ms(percentile(sorted, 50)), in_ms(percentile(sorted, 99)),
          in_ms(percentile(sorted, 100))};
}

std::string made_dir(const std::string& path) {
  std::filesystem::create_directories(path);
  return path;
}

} // namespace

siege_run::siege_run(const siege_options& with, const std::string& dir,
                     test::transcript& out)
  : with_(with), dir_(dir), out_(out), node_(made_dir(join(dir, "node"))),
    honest_(node_.socket(), made_dir(join(dir, "honest")), honest_sandboxes) {
}

void siege_run::run() {
  out_.heading("Honest sandboxes alone");
  const auto quiet = honest_.serve(with_.quiet);
  show(quiet);
  out_.heading(
    "Guests, sources, clients and the reader of the log are hostile");
  turn_hostile();
  const auto besieged = honest_.serve(with_.duration);
  show(besieged);
  show_attacks();
  check_service(quiet, besieged);
  out_.heading("The end, with all of them still hostile");
  check_end();
}

void siege_run::turn_hostile() {
  node_.stall_log(true);
  const auto hostile = made_dir(join(dir_, "hostile"));
  for (const auto how : all_guest_attacks)
    sandboxes_.push_back(
      std::make_unique<hostile_sandbox>(node_.socket(), hostile, how));
  for (std::size_t i = 0; i < hung_sources; ++i)
    sources_.push_back(std::make_unique<hung_source>(
      node_.socket(), made_dir(join(hostile, "hung-" + std::to_string(i))), i));
  for (const auto how : all_client_attacks)
    clients_.push_back(std::make_unique<hostile_client>(
      node_.socket(), how, sandboxes_.front()->id(), hostile));
}

void siege_run::show(const service_figures& got) {
  out_.say(test::text_table({
    {"WHAT", "COUNT", "MEDIAN MS", "P99", "MAX"},
    row_of("lag of a rotation", got.lags),
    row_of("Prepare", got.prepares),
    row_of("ShareFile of a bind", got.shares),
    row_of("Cleanup", got.cleanups),
  }));
  out_.say(std::to_string(got.superseded) + " rotations superseded, "
           + std::to_string(got.lost) + " lost; most memory so far "
           + std::to_string(node_.peak_rss_kib() / 1024) + " MiB");
}

void siege_run::show_attacks() {
  std::vector<test::table_row> rows{{"HOSTILE", "HOW", "TIMES"}};
  for (const auto& each : sandboxes_)
    rows.push_back({"guest", std::string{to_string(each->guest().how())},
                    std::to_string(each->guest().connections())});
  for (const auto& each : sources_)
    rows.push_back({"source", std::string{to_string(each->how())},
                    std::to_string(each->requests())});
  for (const auto& each : clients_)
    rows.push_back({"client", std::string{to_string(each->how())},
                    std::to_string(each->attacks())});
  out_.say(test::text_table(rows));
}

void siege_run::check_service(const service_figures& quiet,
                              const service_figures& besieged) {
  const auto peak = node_.peak_rss_kib() / 1024;
  out_.check(peak < with_.rss_mib,
             "fsshared stays under " + std::to_string(with_.rss_mib) + " MiB",
             std::to_string(peak) + " MiB");
  const auto before = percentile(quiet.lags, 50);
  const auto now = percentile(besieged.lags, 50);
  out_.check(!besieged.lags.empty() && now < before * with_.lag_factor,
             "the median lag of honest sandboxes stays under "
               + std::to_string(with_.lag_factor).substr(0, 3)
               + " times what it was",
             in_ms(before) + " ms before, " + in_ms(now) + " ms now");
  out_.check(besieged.lost == 0, "no rotation of an honest volume is lost",
             std::to_string(besieged.lost));
  std::string failures;
  for (const auto& each : besieged.failures)
    failures += each + "\n";
  out_.check(failures.empty(), "no request of an honest user fails", failures);
  const auto slowest = std::max(percentile(besieged.prepares, 100),
                                percentile(besieged.cleanups, 100));
  out_.check(!besieged.prepares.empty() && slowest < with_.request_limit,
             "Prepare and Cleanup of honest users take less than "
               + std::to_string(with_.request_limit.count()) + " ms",
             in_ms(slowest) + " ms");
}

void siege_run::check_end() {
  const auto begin = std::chrono::steady_clock::now();
  node_.program().signal(SIGTERM);
  const auto code = node_.program().wait();
  const milliseconds took = std::chrono::steady_clock::now() - begin;
  out_.check(code == 0 && took < end_limit,
             "fsshared ends on SIGTERM within its limit, with 0",
             "exit code " + std::to_string(code) + " after " + in_ms(took)
               + " ms");
  out_.say("it took " + in_ms(took) + " ms");
}

} // namespace fsshare::siege
