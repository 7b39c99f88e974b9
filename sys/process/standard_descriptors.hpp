// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fsshare {

/// Opens /dev/null in place of what the caller left closed of the descriptors 0
/// to 2, so that no file that is opened later gets one of them and is written
/// to as stderr. To be called before anything is opened.
void fill_standard_descriptors() noexcept;

/// Closes the descriptors 0 to 2. A reader that hangs shares them and outlives
/// the process: whoever reads what it printed would wait for the end of both.
/// To be called at the end, when all is written.
void close_standard_descriptors() noexcept;

} // namespace fsshare
