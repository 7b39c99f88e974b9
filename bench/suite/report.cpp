// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/report.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace fsshare::bench {

namespace {

std::string number_text(double number, int decimals) {
  char out[32] = {};
  std::snprintf(out, sizeof out, "%.*f", decimals, number);
  return out;
}

/// Three digits, as far as they stand behind the point.
std::string short_text(double number) {
  if (number >= 100)
    return number_text(number, 0);
  return number_text(number, number >= 10 ? 1 : 2);
}

std::string cell_or_none(double number, const std::string& text) {
  return number > 0 ? text : "–";
}

std::string aim_text(const row_result& row) {
  std::string out;
  if (row.wanted.least_ratio > 0)
    out = "≥ " + short_text(row.wanted.least_ratio) + "×";
  if (row.wanted.most_seconds > 0)
    out += (out.empty() ? "" : ", ")
           + ("≤ " + time_text(row.wanted.most_seconds));
  if (out.empty())
    return "–";
  return out + (row.is_met() ? ": met" : ": **missed**");
}

std::string line_of(const row_result& row, const side_result& side,
                    bool is_first) {
  const auto& at = side.middle;
  const auto faster = at.seconds / row.sides.front().middle.seconds;
  std::string out = "| " + (is_first ? row.work : std::string{});
  for (const auto& cell :
       {side.name, time_text(at.seconds),
        is_first ? std::string{"1"} : short_text(faster),
        cell_or_none(at.p99_seconds, time_text(at.p99_seconds)),
        cell_or_none(at.cpu_seconds, time_text(at.cpu_seconds)),
        cell_or_none(at.guest_cpu_seconds, time_text(at.guest_cpu_seconds)),
        cell_or_none(at.growth_mib, short_text(at.growth_mib) + " MiB"),
        cell_or_none(at.requests, short_text(at.requests)),
        cell_or_none(at.system_calls, short_text(at.system_calls)),
        is_first ? aim_text(row) : std::string{}})
    out += " | " + cell;
  return out + " |\n";
}

std::string line_of(const figure& what) {
  const auto unit = what.unit.empty() ? "" : " " + what.unit;
  std::string out = "| " + what.what + " | " + short_text(what.value) + unit;
  if (what.most <= 0)
    return out + " | – |\n";
  return out + " | ≤ " + short_text(what.most) + unit
         + (what.is_met() ? ": met |\n" : ": **missed** |\n");
}

std::string figures_markdown(const std::vector<figure>& figures) {
  if (figures.empty())
    return {};
  std::string out = "\n| fsshared | | Aim |\n|---|---|---|\n";
  for (const auto& each : figures)
    out += line_of(each);
  return out;
}

} // namespace

std::string time_text(double seconds) {
  if (seconds >= 1)
    return short_text(seconds) + " s";
  if (seconds >= 1e-3)
    return short_text(seconds * 1e3) + " ms";
  return short_text(seconds * 1e6) + " µs";
}

std::string to_markdown(const report& what) {
  std::string out;
  for (const auto& [name, value] : what.machine)
    out.append("- ").append(name).append(": ").append(value).append("\n");
  out += "\n| Work | By | Time | × ours | p99 | CPU | CPU of the guest | RSS "
         "growth "
         "| Requests | System calls | Aim |\n"
         "|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& row : what.rows)
    for (const auto& side : row.sides)
      out += line_of(row, side, &side == &row.sides.front());
  return out + figures_markdown(what.figures);
}

std::string to_json(const report& what) {
  nlohmann::ordered_json out;
  out["machine"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : what.machine)
    out["machine"][name] = value;
  out["rows"] = nlohmann::ordered_json::array();
  for (const auto& row : what.rows) {
    nlohmann::ordered_json sides = nlohmann::ordered_json::array();
    for (const auto& side : row.sides)
      sides.push_back({{"name", side.name},
                       {"seconds", side.middle.seconds},
                       {"p99_seconds", side.middle.p99_seconds},
                       {"cpu_seconds", side.middle.cpu_seconds},
                       {"guest_cpu_seconds", side.middle.guest_cpu_seconds},
                       {"growth_mib", side.middle.growth_mib},
                       {"requests", side.middle.requests},
                       {"system_calls", side.middle.system_calls}});
    out["rows"].push_back({{"id", row.id},
                           {"work", row.work},
                           {"ratio", row.ratio()},
                           {"is_met", row.is_met()},
                           {"sides", std::move(sides)}});
  }
  out["figures"] = nlohmann::ordered_json::array();
  for (const auto& each : what.figures)
    out["figures"].push_back({{"what", each.what},
                              {"value", each.value},
                              {"unit", each.unit},
                              {"is_met", each.is_met()}});
  return out.dump(2) + "\n";
}

} // namespace fsshare::bench
