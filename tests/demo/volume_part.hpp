// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/demo/demo_host.hpp"
#include "tests/demo/demo_options.hpp"

namespace fsshare::demo {

/// Shares a ConfigMap with three containers of a copy-mode sandbox, rotates it,
/// compares, and takes all of it away again.
void show_volume(demo_host& host, const demo_options& with);

} // namespace fsshare::demo
