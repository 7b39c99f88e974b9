// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fsshare {

/// Opens /dev/null in place of what the caller left closed of the descriptors 0
/// to 2, so that no file that is opened later gets one of them and is written
/// to as stderr. To be called before anything is opened.
void fill_standard_descriptors() noexcept;

} // namespace fsshare
