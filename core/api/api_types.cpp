// SPDX-License-Identifier: Apache-2.0
#include "core/api/api_types.hpp"

namespace fsshare {

const char* to_string(sharing_mode mode) noexcept {
  switch (mode) {
  case sharing_mode::shared_filesystem: return "shared-filesystem";
  case sharing_mode::copy: return "copy";
  case sharing_mode::unspecified: break;
  }
  return "unspecified";
}

const char* to_string(guest_policy policy) noexcept {
  switch (policy) {
  case guest_policy::none: return "none";
  case guest_policy::set: return "set";
  case guest_policy::unknown: break;
  }
  return "unknown";
}

std::string list_key(const share_status& of) {
  return of.share_id.empty() ? rootfs_key + of.container_id : of.share_id;
}

std::size_t listed_bytes(const share_status& of) {
  constexpr std::size_t rest_bytes = 64;
  constexpr std::size_t item_bytes = 4;
  const auto& mount = of.mount;
  auto sum = rest_bytes + of.share_id.size() + of.container_id.size()
             + mount.source.size() + mount.destination.size()
             + mount.type.size() + of.host_path.size() + of.guest_path.size()
             + of.reason.size() + of.container_name.size();
  for (const auto* texts : {&mount.options, &of.notes})
    for (const auto& each : *texts)
      sum += each.size() + item_bytes;
  for (const auto& each : of.skipped)
    sum += each.path.size() + each.reason.size() + 2 * item_bytes;
  return sum;
}

} // namespace fsshare
