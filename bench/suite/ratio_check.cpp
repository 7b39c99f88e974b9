// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/ratio_check.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace fsshare::bench {

namespace {

std::string sentence(const char* form, const std::string& what, double got,
                     double limit, double known) {
  char out[256] = {};
  std::snprintf(out, sizeof out, form, what.c_str(), got, limit, known);
  return out;
}

double margin_of(const nlohmann::json& parsed, const char* key) {
  const auto out = parsed.at(key).get<double>();
  if (out <= 0 || out >= 1)
    throw std::invalid_argument{std::string{key} + ": not between 0 and 1"};
  return out;
}

} // namespace

known_ratios parse_known_ratios(std::string_view text) {
  const auto parsed = nlohmann::json::parse(text);
  known_ratios out;
  out.margin = margin_of(parsed, "margin");
  out.instructions_margin = margin_of(parsed, "instructions_margin");
  parsed.at("times").get_to(out.times);
  parsed.at("cpus").get_to(out.cpus);
  parsed.at("instructions").get_to(out.instructions);
  return out;
}

comparison compare_ratio(const std::string& what, double ratio, double recorded,
                         double margin) {
  const auto least = recorded * (1 - margin);
  return {ratio >= least,
          sentence("%s: the peer's is %.1f times ours, at least %.1f wanted "
                   "(%.1f recorded)",
                   what, ratio, least, recorded)};
}

comparison compare_instructions(const std::string& what, double instructions,
                                double recorded, double margin) {
  // What a loss of that part of a ratio is, too.
  const auto most = recorded / (1 - margin);
  return {instructions <= most,
          sentence("%s: %.0f instructions, at most %.0f wanted (%.0f recorded)",
                   what, instructions, most, recorded)};
}

} // namespace fsshare::bench
