#include "core/volume_shape.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fsshare {

namespace {

constexpr std::string_view plugin_prefix = "kubernetes.io~";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex_or_dash(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
         || c == '-';
}

std::optional<volume_kind> kind_of_plugin(std::string_view name) {
  using enum volume_kind;
  if (!name.starts_with(plugin_prefix))
    return std::nullopt;
  name.remove_prefix(plugin_prefix.size());
  for (const auto kind : {configmap, secret, projected, downward_api})
    if (name == to_string(kind))
      return kind;
  return std::nullopt;
}

/// Cuts the last component off `path` and returns it.
std::string_view take_last(std::string_view& path) {
  const auto name = base_name(path);
  path = parent_path(path);
  return name;
}

} // namespace

const char* to_string(volume_kind kind) noexcept {
  switch (kind) {
  case volume_kind::configmap: return "configmap";
  case volume_kind::secret: return "secret";
  case volume_kind::projected: return "projected";
  case volume_kind::downward_api: break;
  }
  return "downward-api";
}

bool is_generation_name(std::string_view name) noexcept {
  // 9 stands for any digit.
  constexpr std::string_view pattern = "..9999_99_99_99_99_99.";
  if (name.size() <= pattern.size())
    return false;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] == '9' ? !is_digit(name[i]) : name[i] != pattern[i])
      return false;
  const auto digits = name.substr(pattern.size());
  return std::all_of(digits.begin(), digits.end(), is_digit);
}

volume_matcher::volume_matcher(bool strict, std::vector<std::string> roots)
  : strict_(strict), roots_(std::move(roots)) {
}

volume_matcher volume_matcher::structural() {
  return {false, {}};
}

volume_matcher volume_matcher::kubelet_root(std::vector<std::string> roots) {
  return {true, std::move(roots)};
}

std::optional<volume_kind>
volume_matcher::kind_of(std::string_view path) const {
  if (path.empty() || path.front() != '/')
    return std::nullopt;
  const auto name = take_last(path);
  const auto kind = kind_of_plugin(take_last(path));
  const auto volumes = take_last(path);
  const auto uid = take_last(path);
  const auto pods = take_last(path);
  if (!kind || name.empty() || volumes != "volumes" || uid.empty()
      || pods != "pods")
    return std::nullopt;
  if (!strict_)
    return kind;
  // The UID's form of the regular expression in Kata's fs_share_linux.go.
  const bool ordinary
    = uid.size() == 36 && std::all_of(uid.begin(), uid.end(), is_hex_or_dash);
  const bool known
    = std::find(roots_.begin(), roots_.end(), path) != roots_.end();
  return ordinary && known ? kind : std::nullopt;
}

} // namespace fsshare
