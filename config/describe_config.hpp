// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

/// What config_keys.hpp says of the keys, for the documents. The defaults are
/// those of node_config.
namespace fsshare {

/// Where a key stands.
struct config_key_place {
  /// As people write it, such as `api.socket`.
  std::string name;
  /// In the file (RFC 6901).
  std::string pointer;
  /// Whether SIGHUP changes it.
  bool is_live = false;
};

/// Returns all keys.
std::vector<config_key_place> config_key_places();

/// Returns a table of all keys in Markdown.
std::string config_as_markdown();

/// Returns all keys as paragraphs with tags, as in man(7).
std::string config_as_man();

/// Returns a JSON Schema (draft 2020-12) of a configuration file. As in a merge
/// patch (RFC 7386), null is the default.
std::string config_as_schema();

} // namespace fsshare
