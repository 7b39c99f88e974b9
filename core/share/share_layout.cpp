// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_layout.hpp"

#include "core/ids.hpp"
#include "core/paths.hpp"

#include <utility>

namespace fsshare {

namespace {

constexpr const char* rootfs_name = "rootfs";
constexpr const char* snapshot_name = "snapshotdir";
constexpr const char* sandbox_binds_name = "sandbox-mounts";
// Kata's guests mount a tmpfs on a directory of this name.
constexpr const char* watchable_name = "watchable";

std::string to_hex(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, value >>= 4)
    *at = digits[value & 0xf];
  return text;
}

} // namespace

share_layout::share_layout(std::string share_root, std::string sandbox_id,
                           std::string guest_share_dir)
  : share_root_(std::move(share_root)), sandbox_id_(std::move(sandbox_id)),
    guest_share_dir_(std::move(guest_share_dir)),
    sandbox_dir_(join(share_root_, sandbox_id_)) {
}

std::string share_layout::mark_path() const {
  return join(sandbox_dir_, ".fsshare");
}

std::string share_layout::mounts_dir() const {
  return join(sandbox_dir_, "mounts");
}

std::string share_layout::shared_dir() const {
  return join(sandbox_dir_, "shared");
}

std::string share_layout::staging_dir() const {
  return join(sandbox_dir_, "private");
}

std::string share_layout::host_share(std::string_view share_name) const {
  return join(mounts_dir(), share_name);
}

std::string share_layout::guest_share(std::string_view share_name) const {
  return join(guest_share_dir_, share_name);
}

std::string share_layout::container_dir(std::string_view container_id) const {
  return join(mounts_dir(), container_id);
}

std::string share_layout::host_rootfs(std::string_view container_id) const {
  return join(container_dir(container_id), rootfs_name);
}

std::string share_layout::guest_rootfs(std::string_view container_id,
                                       std::string_view suffix) const {
  return join(join(guest_share_dir_, container_id), suffix);
}

std::string share_layout::watchable_dir() const {
  return join(mounts_dir(), watchable_name);
}

std::string share_layout::guest_watchable(std::string_view share_name) const {
  return join(join(guest_share_dir_, watchable_name), share_name);
}

std::string
share_layout::host_snapshot_dir(std::string_view container_id) const {
  return join(container_dir(container_id), snapshot_name);
}

std::string
share_layout::guest_snapshot_dir(std::string_view container_id) const {
  return guest_rootfs(container_id, snapshot_name);
}

std::string share_layout::guest_rafs(std::string_view container_id) const {
  return std::string{parent_path(guest_share_dir_)}
         + rafs_mountpoint(container_id);
}

std::string share_layout::sandbox_binds_dir() const {
  return join(mounts_dir(), sandbox_binds_name);
}

std::string share_layout::host_sandbox_bind(std::string_view name) const {
  return join(sandbox_binds_dir(), name);
}

std::string share_layout::guest_sandbox_bind(std::string_view name) const {
  return join(join(guest_share_dir_, sandbox_binds_name), name);
}

std::string copy_mark_path(std::string_view dir, std::string_view sandbox_id) {
  return join(dir, sandbox_id);
}

std::string rafs_mountpoint(std::string_view container_id) {
  return "/rafs/" + std::string{container_id} + "/lowerdir";
}

std::string guest_own_dir(std::string_view container_id) {
  return join("/run/kata-containers", container_id);
}

result<std::string> make_share_name(std::string_view container_id,
                                    std::uint64_t nonce,
                                    std::string_view destination) {
  const auto base = base_name(destination);
  if (base.empty())
    return error{errc::invalid_argument, "destination '"
                                           + std::string{destination}
                                           + "' has no last component"};
  auto name
    = std::string{container_id} + "-" + to_hex(nonce) + "-" + std::string{base};
  if (name.size() <= max_name_bytes)
    return name;
  return error{
    errc::invalid_argument,
    "destination " + std::string{destination}
      + ": the share's name, made of it, would have "
      + std::to_string(name.size())
      + " bytes, and file names have 255 at most; with container '"
      + std::string{container_id} + "' its last component may have "
      + std::to_string(max_name_bytes - (name.size() - base.size()))};
}

status check_container_id(std::string_view container_id) {
  if (auto checked = check_id("container_id", container_id); !checked)
    return checked;
  for (const std::string_view reserved : {sandbox_binds_name, watchable_name})
    if (container_id == reserved)
      return error{errc::invalid_argument,
                   "container_id '" + std::string{container_id}
                     + "' is the name of a directory of every sandbox"};
  return unit{};
}

} // namespace fsshare
