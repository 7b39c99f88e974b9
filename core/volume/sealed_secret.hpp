// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"

#include <set>
#include <string>

namespace fsshare {

/// Returns the files of a volume's generation, by their paths in it, that hold
/// sealed secrets: they begin with the bytes `sealed.`.
///
/// When a container is created, the guest agent of a confidential guest writes
/// the plaintext of each that a visible link leads to beside it, as
/// `KEY.unsealed`, and makes the link lead there instead
/// (confidential_data_hub's unseal_file, called for every mount source).
std::set<std::string> sealed_files(const volume_snapshot& volume);

} // namespace fsshare
