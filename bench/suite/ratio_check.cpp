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

} // namespace

known_ratios parse_known_ratios(std::string_view text) {
  const auto parsed = nlohmann::json::parse(text);
  known_ratios out;
  out.margin = parsed.at("margin").get<double>();
  if (out.margin <= 0 || out.margin >= 1)
    throw std::invalid_argument{"margin: not between 0 and 1"};
  parsed.at("ratios").get_to(out.ratios);
  parsed.at("instructions").get_to(out.instructions);
  return out;
}

comparison compare_ratio(const known_ratios& known, const std::string& id,
                         double ratio) {
  const auto recorded = known.ratios.at(id);
  const auto least = recorded * (1 - known.margin);
  return {ratio >= least,
          sentence("%s: %.1f times as fast as the peer, at least %.1f wanted "
                   "(%.1f recorded)",
                   id, ratio, least, recorded)};
}

comparison compare_instructions(const known_ratios& known,
                                const std::string& what, double instructions) {
  const auto recorded = known.instructions.at(what);
  // What a loss of that part of a ratio is, too.
  const auto most = recorded / (1 - known.margin);
  return {instructions <= most,
          sentence("%s: %.0f instructions, at most %.0f wanted (%.0f recorded)",
                   what, instructions, most, recorded)};
}

} // namespace fsshare::bench
