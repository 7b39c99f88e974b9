#include "tests/demo/rotation_report.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace fsshare::demo {

namespace {

using milliseconds = std::chrono::duration<double, std::milli>;
using row = std::vector<std::string>;

/// How a rotation fared in one guest directory.
struct arrival {
  std::string cell = "missing";
  std::optional<milliseconds> lag;
  bool good = false;
};

std::string in_ms(milliseconds time) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.2f ms", time.count());
  return text;
}

/// What became of the rotation of that index in a directory where `seen` was
/// seen.
arrival arrival_of(const std::vector<made_rotation>& rotations,
                   std::size_t index,
                   const std::vector<data_observer::sighting>& seen) {
  for (auto at = index; at < rotations.size(); ++at) {
    const auto& wanted = rotations[at];
    const auto found
      = std::find_if(seen.begin(), seen.end(), [&](const auto& each) {
          return names_generation(each.generation, wanted.generation);
        });
    if (found == seen.end())
      continue;
    if (at != index)
      return {"superseded by " + wanted.generation, std::nullopt, true};
    const bool returned = found->at >= wanted.flipped;
    const milliseconds lag
      = found->at - (returned ? wanted.flipped : wanted.called);
    return {(returned ? "" : "< ") + in_ms(lag), lag, lag.count() >= 0};
  }
  return {};
}

std::string table_text(const std::vector<row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& cells : rows)
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], cells[i].size());
  std::string text;
  for (const auto& cells : rows) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
      line += cells[i] + std::string(widths[i] - cells[i].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string summary(std::vector<milliseconds> lags) {
  if (lags.empty())
    return "no lag was measured";
  std::sort(lags.begin(), lags.end());
  const auto half = lags.size() / 2;
  const auto median
    = lags.size() % 2 == 1 ? lags[half] : (lags[half - 1] + lags[half]) / 2;
  return "lag: median " + in_ms(median) + ", max " + in_ms(lags.back()) + " of "
         + std::to_string(lags.size()) + " arrivals";
}

} // namespace

bool names_generation(const std::string& in_guest, const std::string& on_host) {
  if (!in_guest.starts_with(on_host))
    return false;
  const auto attempt = in_guest.substr(on_host.size());
  return attempt.empty()
         || (attempt.size() > 1 && attempt.front() == '.'
             && attempt.find_first_not_of("0123456789", 1)
                  == std::string::npos);
}

void report_rotations(const std::vector<made_rotation>& rotations,
                      const std::vector<std::string>& containers,
                      const data_observer& observer, transcript& out) {
  std::vector<row> rows{{"#", "CHANGE", "GENERATION"}};
  rows.front().insert(rows.front().end(), containers.begin(), containers.end());
  std::vector<milliseconds> lags;
  std::vector<bool> arrived(rotations.size(), true);
  for (std::size_t i = 0; i < rotations.size(); ++i) {
    row cells{std::to_string(i + 1), rotations[i].what,
              rotations[i].generation};
    for (std::size_t dir = 0; dir < containers.size(); ++dir) {
      const auto got = arrival_of(rotations, i, observer.seen(dir));
      cells.push_back(got.cell);
      if (got.lag)
        lags.push_back(*got.lag);
      arrived[i] = arrived[i] && got.good;
    }
    rows.push_back(std::move(cells));
  }
  out.say(table_text(rows) + summary(std::move(lags)));
  for (std::size_t i = 0; i < rotations.size(); ++i)
    out.check(arrived[i], "rotation " + std::to_string(i + 1)
                            + ", or a newer "
                              "one, reached every guest directory");
}

} // namespace fsshare::demo
