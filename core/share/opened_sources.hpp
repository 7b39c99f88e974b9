// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <map>
#include <memory>
#include <string>

namespace fsshare {

/// The source of a bind mount that was opened; see sys/mount/opened_source.hpp.
class opened_source;
using opened_source_ptr = std::shared_ptr<const opened_source>;

/// What became of opening the sources of a plan, by their paths.
using opened_sources = std::map<std::string, result<opened_source_ptr>>;

} // namespace fsshare
