// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/finding.hpp"

#include "core/text/json_text.hpp"

#include <algorithm>

namespace fsshare {

const char* to_string(finding_level level) noexcept {
  switch (level) {
  case finding_level::ok: return "ok";
  case finding_level::warn: return "warn";
  case finding_level::fail: break;
  }
  return "fail";
}

std::size_t count_of(const findings& all, finding_level level) {
  return static_cast<std::size_t>(
    std::count_if(all.begin(), all.end(), [level](const finding& each) {
      return each.level == level;
    }));
}

std::string to_json_text(const findings& all) {
  std::string out = "{\n \"findings\": [";
  for (const auto& each : all)
    out += (&each == &all.front() ? "\n  " : ",\n  ")
           + json_object({{"level", to_string(each.level)},
                          {"check", each.check},
                          {"found", each.found},
                          {"cure", each.cure}});
  out += "\n ]";
  for (const auto level :
       {finding_level::ok, finding_level::warn, finding_level::fail})
    out += std::string{",\n \""} + to_string(level)
           + "\": " + std::to_string(count_of(all, level));
  return out + "\n}\n";
}

} // namespace fsshare
