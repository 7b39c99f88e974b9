// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proto/fsshare.pb.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace fsshare::ctl {

/// Adds what `rootfs add` takes beside sandbox, container, type and options:
/// the target, where it comes from, its block device, the container's devices
/// and annotations. They write into `request`.
void add_rootfs_options(
  CLI::App* app,
  const std::shared_ptr<v1::ShareRootFilesystemRequest>& request);

} // namespace fsshare::ctl
