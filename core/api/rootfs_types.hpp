// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/storage.hpp"

#include <map>
#include <string>
#include <vector>

/// The requests and replies of the control API about root filesystems.
namespace fsshare {

/// The root filesystem of a container as the runtime has it.
struct rootfs_entry {
  /// Directory on the host; empty where nothing is to be bound.
  std::string target;
  std::string type;
  std::vector<std::string> options;
  /// Directory below the container's guest path; empty or `rootfs`.
  std::string suffix;
  /// What the runtime mounted at the target.
  std::string source;

  friend bool operator==(const rootfs_entry&, const rootfs_entry&) = default;
};

/// A block device that the hypervisor has given to the guest. Which address is
/// needed goes by the driver, see block_storage().
struct block_device {
  /// Filesystem on the device.
  std::string fstype;
  std::string driver;
  std::string virt_path;
  std::string pci_path;
  std::string scsi_address;
  std::string ccw_device;
  std::string pmem_id;

  friend bool operator==(const block_device&, const block_device&) = default;
};

/// A device of a container.
struct container_device {
  /// Path in the container.
  std::string container_path;
  block_device block;

  friend bool operator==(const container_device&, const container_device&)
    = default;
};

struct share_rootfs_request {
  std::string sandbox_id;
  std::string container_id;
  rootfs_entry rootfs;
  /// The device that holds the rootfs; all empty without one.
  block_device block;
  std::vector<container_device> devices;
  /// Of the container.
  std::map<std::string, std::string> annotations;
  /// What people call the container; may be empty.
  std::string container_name = {};

  friend bool operator==(const share_rootfs_request&,
                         const share_rootfs_request&)
    = default;
};

/// Whether two requests ask for the same; what the container is called matters
/// to nobody but people.
bool is_same(const share_rootfs_request& x, const share_rootfs_request& y);

struct share_rootfs_reply {
  std::string guest_path;
  std::vector<storage> container_storages;
  std::vector<storage> volume_storages;
  /// Container paths of the request's devices, where any of them has changed.
  std::vector<std::string> device_paths;
};

struct unshare_rootfs_request {
  std::string sandbox_id;
  std::string container_id;
};

struct unshare_rootfs_reply {};

} // namespace fsshare
