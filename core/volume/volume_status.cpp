// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_status.hpp"

namespace fsshare {

namespace {

// Of the fields that have a length of their own, and their tags.
constexpr std::size_t rest_bytes = 64;
constexpr std::size_t item_bytes = 4;

std::size_t bytes_of(const std::vector<std::string>& all) {
  std::size_t sum = 0;
  for (const auto& each : all)
    sum += each.size() + item_bytes;
  return sum;
}

} // namespace

std::size_t listed_bytes(const destination_status& of) {
  auto sum = rest_bytes + of.sandbox_id.size() + of.container_id.size()
             + of.share_id.size() + of.guest_path.size()
             + of.guest_generation.size() + of.reason.size()
             + bytes_of(of.not_removable) + bytes_of(of.kept_generations);
  for (const auto& each : of.skipped)
    sum += each.path.size() + each.reason.size() + 2 * item_bytes;
  sum += of.container_name.size();
  if (of.labels)
    for (const auto& [name, value] : *of.labels)
      sum += name.size() + value.size() + 3 * item_bytes;
  return sum;
}

std::size_t listed_bytes(const volume_status& of) {
  return rest_bytes + of.path.size() + of.host_generation.size()
         + of.reason.size();
}

} // namespace fsshare
