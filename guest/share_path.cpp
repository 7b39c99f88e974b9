// SPDX-License-Identifier: Apache-2.0
#include "guest/share_path.hpp"

#include "core/paths.hpp"

namespace fsshare::guest {

std::string share_path::text() const {
  return sibling(name);
}

std::string share_path::sibling(const std::string& other) const {
  return parent.empty() ? other : join(parent, other);
}

std::optional<share_path> strip_prefix(std::string_view path,
                                       std::string_view prefix) {
  if (!path.starts_with('/'))
    return std::nullopt;
  const auto clean = normal_path(path);
  if (clean == prefix)
    return share_path{};
  if (!is_below(clean, prefix))
    return std::nullopt;
  auto below = split(clean.substr(prefix.size() + 1));
  below.ends_in_slash = path.ends_with('/');
  return below;
}

share_path split(const std::string& path) {
  return {std::string{parent_path(path)}, std::string{base_name(path)}};
}

} // namespace fsshare::guest
