// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/result.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// One configuration file: its name for error messages, and its text.
struct config_text {
  std::string name;
  std::string text;
};

/// Reads JSON objects, each merged into the result of the earlier ones as in
/// RFC 7386 (JSON merge patch: `null` takes a key back to its default).
/// @param defaults What keys that nobody sets are.
/// @returns `errc::invalid_argument` with a sentence that names the file, the
///          JSON pointer of the key and what is allowed there: for malformed
///          text, keys that do not exist or appear twice, wrong types, and
///          values out of range.
result<node_config> parse_config(const std::vector<config_text>& texts,
                                 const node_config& defaults);

/// Writes every key, as parse_config() reads it; ends with a newline.
std::string to_json_text(const node_config& config);

} // namespace fsshare
