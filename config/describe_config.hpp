// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// What config_keys.hpp says of the keys, for the documents. The defaults are
/// those of node_config.
namespace fsshare {

/// Returns a table of all keys in Markdown.
std::string config_as_markdown();

/// Returns all keys as paragraphs with tags, as in man(7).
std::string config_as_man();

/// Returns a JSON Schema (draft 2020-12) of a configuration file. As in a merge
/// patch (RFC 7386), null is the default.
std::string config_as_schema();

} // namespace fsshare
