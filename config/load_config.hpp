// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/parse_config.hpp"

#include <string>

namespace fsshare {

inline constexpr const char* default_config_file = "/etc/fsshare/config.json";

/// Whether a configuration file has to be there.
enum class config_file : std::uint8_t { required, optional };

/// Reads `file`, then `config.d/*.json` beside it in the order of their names,
/// and parses all with parse_config(). Of each at most 1 MiB.
/// @returns `errc::not_found` if a required `file` is missing; otherwise as
///          parse_config(), or why something could not be read.
result<node_config> load_config(const std::string& file, config_file presence,
                                const node_config& defaults);

} // namespace fsshare
