// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/lag_table.hpp"

#include "tests/support/text_table.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <utility>

namespace fsshare::churn {

namespace {

using test::milliseconds;

/// What became of rotations in the copies of one sandbox.
struct tally {
  std::size_t copies = 0;
  /// Rotations that were made while a copy was there, once per copy.
  std::size_t rotations = 0;
  std::size_t superseded = 0;
  /// Copies that were given up before the rotation arrived.
  std::size_t given_up = 0;
  std::vector<milliseconds> lags{};
  /// Lines of the log.
  std::size_t pushes = 0;
  std::size_t retries = 0;
  std::size_t lost_connections = 0;
  std::size_t refused = 0;
  std::size_t restarts = 0;
};

void add(const shared_copy& copy,
         const std::vector<test::made_rotation>& rotations,
         const std::vector<test::data_observer::sighting>& seen, tally& to) {
  ++to.copies;
  for (std::size_t i = 0; i < rotations.size(); ++i) {
    if (rotations[i].called < copy.from
        || (copy.until && rotations[i].flipped > *copy.until))
      continue;
    ++to.rotations;
    const auto got = test::arrival_of(rotations, i, seen);
    if (got.lag)
      to.lags.push_back(*got.lag);
    else
      ++(got.superseded_by ? to.superseded : to.given_up);
  }
}

void add_events(const std::string& log, const std::string& sandbox, tally& to) {
  std::istringstream in{log};
  const auto of_sandbox = " sandbox=" + sandbox + " ";
  const auto has = [](const std::string& line, const char* event) {
    return line.find(event) != std::string::npos;
  };
  for (std::string line; std::getline(in, line);) {
    if (line.find(of_sandbox) == std::string::npos)
      continue;
    to.pushes += has(line, " event=generation-live ") ? 1U : 0U;
    to.retries += has(line, " event=push-failed ") ? 1U : 0U;
    to.lost_connections += has(line, " event=guest-lost ") ? 1U : 0U;
  }
}

std::string in_ms(const std::vector<milliseconds>& sorted,
                  std::size_t percent) {
  if (sorted.empty())
    return "-";
  const auto at = std::min(sorted.size() - 1, sorted.size() * percent / 100);
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.1f", sorted[at].count());
  return text;
}

test::table_row row_of(std::string name, std::string guest, tally got) {
  std::sort(got.lags.begin(), got.lags.end());
  const auto number = [](std::size_t of) {
    return std::to_string(of);
  };
  return {std::move(name),
          std::move(guest),
          number(got.copies),
          number(got.rotations),
          number(got.lags.size()),
          number(got.superseded),
          number(got.given_up),
          in_ms(got.lags, 50),
          in_ms(got.lags, 99),
          in_ms(got.lags, 100),
          number(got.pushes),
          number(got.retries),
          number(got.lost_connections),
          number(got.restarts),
          number(got.refused)};
}

std::string describe(const churn_sandbox& sandbox) {
  auto out = sandbox.guest.profile();
  if (sandbox.guest.what() == trouble::slow)
    out += " slow";
  if (sandbox.guest.what() == trouble::faults)
    out += " faults";
  return sandbox.stops_watcher ? out + " watcher" : out;
}

void add(const tally& part, tally& to) {
  to.copies += part.copies;
  to.rotations += part.rotations;
  to.superseded += part.superseded;
  to.given_up += part.given_up;
  to.lags.insert(to.lags.end(), part.lags.begin(), part.lags.end());
  to.pushes += part.pushes;
  to.retries += part.retries;
  to.lost_connections += part.lost_connections;
  to.refused += part.refused;
  to.restarts += part.restarts;
}

} // namespace

std::string lag_table(const kubelet& host, const sandbox_list& sandboxes,
                      const test::data_observer& observer,
                      const std::string& log) {
  std::vector<test::table_row> rows{
    {"SANDBOX", "GUEST", "COPIES", "ROTATIONS", "ARRIVED", "SUPERSEDED",
     "GIVEN UP", "MEDIAN MS", "P99", "MAX", "PUSHES", "RETRIES",
     "LOST CONNECTIONS", "RESTARTS", "REFUSED SHARES"}};
  tally all;
  for (const auto& sandbox : sandboxes) {
    tally got;
    got.refused = sandbox->front.refused();
    got.restarts = sandbox->guest.restarts();
    for (const auto& copy : sandbox->front.copies())
      add(copy, host.made(copy.volume), observer.seen(copy.observed), got);
    add_events(log, sandbox->front.sandbox(), got);
    add(got, all);
    rows.push_back(
      row_of(sandbox->front.sandbox(), describe(*sandbox), std::move(got)));
  }
  rows.push_back(row_of("all", "", std::move(all)));
  return test::text_table(rows);
}

} // namespace fsshare::churn
