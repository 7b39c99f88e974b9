// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fsshare {

/// What a copy of a source is for the rules of an operator.
enum class copy_category : std::uint8_t {
  configmap,
  secret,
  projected,
  downward_api,
  /// Images that are mounted as volumes.
  image_volumes,
  /// The files that a runtime writes for a container's network.
  network_files,
  other_files,
  other_directories,
};

/// Returns the word of the configuration, such as `downward-api`.
const char* to_string(copy_category category) noexcept;

/// What is done about the copies of a category; each is stricter than those
/// before.
enum class copy_rule : std::uint8_t {
  allow,
  /// Copied, logged, and listed as what `deny` would refuse.
  audit,
  /// Nothing of it is copied: the guest has an empty file or directory in its
  /// place, so that the container starts.
  empty,
  deny,
};

/// Returns the word of the configuration, such as `allow`.
const char* to_string(copy_rule rule) noexcept;

/// Returns whether contents may be copied.
constexpr bool lets_pass(copy_rule rule) noexcept {
  return rule < copy_rule::empty;
}

/// The rule of each category.
struct copy_rules {
  copy_rule configmap = copy_rule::allow;
  copy_rule secret = copy_rule::allow;
  copy_rule projected = copy_rule::allow;
  copy_rule downward_api = copy_rule::allow;
  copy_rule image_volumes = copy_rule::allow;
  copy_rule network_files = copy_rule::allow;
  copy_rule other_files = copy_rule::allow;
  copy_rule other_directories = copy_rule::allow;

  friend bool operator==(const copy_rules&, const copy_rules&) = default;

  copy_rule rule_for(copy_category category) const noexcept;

  /// Returns whether every volume may be copied without a word.
  bool allow_volumes() const noexcept;
};

/// Returns the category of what lies in a pod's volume of that plugin, or in an
/// image volume (`image_volume_plugin`); nothing where it depends on what it
/// is.
std::optional<copy_category> volume_category(std::string_view plugin) noexcept;

/// Returns why what is of that category is not copied, by a rule that does not
/// let it pass.
std::string denial(copy_category category, copy_rule rule);

/// Tells the category of a source.
/// @param plugin of the pod's volume that the source is or lies in, such as
///        `secret`, or `image_volume_plugin`; empty if it is in none. See
///        find_plugin().
/// @param destination where the container mounts it: /etc/hosts, /etc/hostname
///        and /etc/resolv.conf are the network's.
/// @param is_directory of the source; links count as files.
copy_category category_of(std::string_view plugin, std::string_view destination,
                          bool is_directory) noexcept;

} // namespace fsshare
