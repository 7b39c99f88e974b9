// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/result.hpp"

namespace fsshare {

/// Returns the part of a storage that names a block device, as Kata's guest
/// agents know them:
///
/// | driver           | storage.driver | storage.source              |
/// |------------------|----------------|-----------------------------|
/// | `virtio-mmio`    | `mmioblk`      | virt_path                   |
/// | `virtio-blk-ccw` | `blk-ccw`      | ccw_device                  |
/// | `virtio-blk`     | `blk`          | pci_path                    |
/// | `virtio-scsi`    | `scsi`         | `ID:LUN`                    |
/// | `nvdimm`         | `nvdimm`       | `/dev/pmemN`, option `dax`  |
///
/// The rest (fstype, mount point, further options) is the caller's.
/// @returns `errc::invalid_argument` for another driver, and for an address of
///          the driver that is missing or has another form.
result<storage> block_storage(const block_device& device);

} // namespace fsshare
