// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_category.hpp"

namespace fsshare {

const char* to_string(copy_category category) noexcept {
  switch (category) {
  case copy_category::configmap: return "configmap";
  case copy_category::secret: return "secret";
  case copy_category::projected: return "projected";
  case copy_category::downward_api: return "downward-api";
  case copy_category::image_volumes: return "image-volumes";
  case copy_category::network_files: return "network-files";
  case copy_category::other_files: return "other-files";
  case copy_category::other_directories: break;
  }
  return "other-directories";
}

const char* to_string(copy_rule rule) noexcept {
  switch (rule) {
  case copy_rule::allow: return "allow";
  case copy_rule::audit: return "audit";
  case copy_rule::empty: return "empty";
  case copy_rule::deny: break;
  }
  return "deny";
}

copy_rule copy_rules::rule_for(copy_category category) const noexcept {
  switch (category) {
  case copy_category::configmap: return configmap;
  case copy_category::secret: return secret;
  case copy_category::projected: return projected;
  case copy_category::downward_api: return downward_api;
  case copy_category::image_volumes: return image_volumes;
  case copy_category::network_files: return network_files;
  case copy_category::other_files: return other_files;
  case copy_category::other_directories: break;
  }
  return other_directories;
}

bool copy_rules::allow_volumes() const noexcept {
  using enum copy_rule;
  return configmap == allow && secret == allow && projected == allow
         && downward_api == allow && image_volumes == allow;
}

std::optional<copy_category> volume_category(std::string_view plugin) noexcept {
  using enum copy_category;
  for (const auto category :
       {configmap, secret, projected, downward_api, image_volumes})
    if (plugin == to_string(category))
      return category;
  return std::nullopt;
}

std::string denial(copy_category category, copy_rule rule) {
  const std::string name = to_string(category);
  return "its category is " + name + ", and copy.categories." + name + " is "
         + to_string(rule);
}

copy_category category_of(std::string_view plugin, std::string_view destination,
                          bool is_directory) noexcept {
  using enum copy_category;
  if (const auto category = volume_category(plugin))
    return *category;
  if (is_directory)
    return other_directories;
  const bool is_network = destination == "/etc/hosts"
                          || destination == "/etc/hostname"
                          || destination == "/etc/resolv.conf";
  return is_network ? network_files : other_files;
}

} // namespace fsshare
