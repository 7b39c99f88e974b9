// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_shape.hpp"

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
  for (const auto kind : {configmap, secret, projected, downward_api, csi})
    if (name == to_string(kind))
      return kind;
  return std::nullopt;
}

// Of an image, a layer or a sandbox: a digest of 256 bits or more.
bool is_long_id(std::string_view name) {
  constexpr std::size_t sha256_digits = 64;
  return name.size() >= sha256_digits
         && std::all_of(name.begin(), name.end(), [](char c) {
              return is_digit(c) || (c >= 'a' && c <= 'f');
            });
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
  case volume_kind::csi: return "csi";
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

bool is_in_image_volume(std::string_view path) noexcept {
  std::array<std::string_view, 2> above;
  for (std::size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto name = path.substr(begin, end - begin);
    if (is_long_id(above[1])
        && ((above[0] == "image-volumes" && is_long_id(name))
            || (above[0] == "overlay" && name == "merged")))
      return true;
    above = {above[1], name};
    begin = end + 1;
  }
  return false;
}

std::string_view plugin_of(std::string_view path) noexcept {
  std::array<std::string_view, 4> above;
  for (std::size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto name = path.substr(begin, end - begin);
    if (!name.empty() && above[0] == "pods" && !above[1].empty()
        && above[2] == "volumes" && above[3].starts_with(plugin_prefix))
      return above[3].substr(plugin_prefix.size());
    std::rotate(above.begin(), above.begin() + 1, above.end());
    above.back() = name;
    begin = end + 1;
  }
  return {};
}

std::string_view kubelet_root_of(std::string_view path) noexcept {
  const auto plugin = plugin_of(path);
  if (plugin.empty())
    return {};
  // ROOT/pods/UID/volumes/kubernetes.io~PLUGIN/NAME
  path = path.substr(0, static_cast<std::size_t>(plugin.data() - path.data()));
  for (int i = 0; i < 4; ++i)
    path = parent_path(path);
  return path;
}

std::optional<subpath_volume> subpath_volume_of(std::string_view path) {
  constexpr std::string_view dir = "/volume-subpaths/";
  const auto at = path.find(dir);
  if (at == std::string_view::npos)
    return std::nullopt;
  const auto pod = path.substr(0, at);
  const auto rest = path.substr(at + dir.size());
  const auto name = first_component(rest);
  // NAME, CONTAINER and INDEX at least.
  const bool whole = std::count(rest.begin(), rest.end(), '/') >= 2;
  if (base_name(parent_path(pod)) != "pods" || name.empty() || !whole)
    return std::nullopt;
  return subpath_volume{join(pod, "volumes"), std::string{name}};
}

volume_matcher::volume_matcher(bool strict, std::vector<std::string> roots,
                               csi_volumes csi)
  : strict_(strict), roots_(std::move(roots)), csi_(csi) {
}

volume_matcher volume_matcher::structural(csi_volumes csi) {
  return {false, {}, csi};
}

volume_matcher volume_matcher::kubelet_root(std::vector<std::string> roots,
                                            csi_volumes csi) {
  return {true, std::move(roots), csi};
}

std::optional<volume_kind>
volume_matcher::kind_of(std::string_view path) const {
  if (path.empty() || path.front() != '/')
    return std::nullopt;
  const bool is_csi = plugin_of(path) == to_string(volume_kind::csi);
  // A driver's volume is mounted one directory further down.
  if (is_csi && (csi_ == csi_volumes::leave || take_last(path) != "mount"))
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
