// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

enum class log_level : std::uint8_t { debug, info, warning, error };

/// One line per event: `key=value` words, or a JSON object.
enum class log_format : std::uint8_t { logfmt, json };

struct log_settings {
  log_level level = log_level::info;
  log_format format = log_format::logfmt;

  friend bool operator==(const log_settings&, const log_settings&) = default;
};

} // namespace fsshare
