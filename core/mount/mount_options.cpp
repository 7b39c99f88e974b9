// SPDX-License-Identifier: Apache-2.0
#include "core/mount/mount_options.hpp"

namespace fsshare {

namespace {

bool is_recursive_or_plain(std::string_view word, std::string_view name) {
  return word == name || (word.starts_with('r') && word.substr(1) == name);
}

} // namespace

bind_options parse_bind_options(std::span<const std::string> words,
                                const bind_options& defaults) {
  auto options = defaults;
  for (const auto& word : words) {
    if (word == "ro")
      options.access = access::read_only;
    else if (word == "rw")
      options.access = defaults.access;
    else if (word == "bind")
      options.submounts = submounts::leave;
    else if (word == "rbind")
      options.submounts = submounts::take;
    else if (is_recursive_or_plain(word, "private"))
      options.propagation = propagation::closed;
    else if (is_recursive_or_plain(word, "slave")
             || is_recursive_or_plain(word, "shared"))
      options.propagation = propagation::slave;
  }
  if (options.access == access::read_only
      && options.propagation == propagation::slave)
    options.propagation = propagation::unmounts;
  return options;
}

bool follows_unmounting(const bind_options& options) {
  return options.submounts == submounts::take
         && (options.propagation == propagation::slave
             || options.propagation == propagation::unmounts);
}

std::string to_string(const bind_options& options) {
  std::string text = options.access == access::read_only ? "ro" : "rw";
  text += options.submounts == submounts::take ? ",rbind" : ",bind";
  switch (options.propagation) {
  case propagation::closed: return text + ",private";
  case propagation::slave: return text + ",slave";
  case propagation::unmounts: return text + ",unmounts";
  case propagation::shared: return text + ",shared";
  }
  return text;
}

} // namespace fsshare
