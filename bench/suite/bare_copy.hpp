// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/sample.hpp"

#include <string>

namespace fsshare::bench {

/// Copies what is below a directory as a guest agent writes it, in this thread
/// and with nothing between: files are read, written under another name, owner
/// and mode set, renamed. Throws what it cannot do.
sample bare_copy(const std::string& dir);

/// Sends the files below a directory through a socket to a thread that throws
/// them away. Throws what it cannot do.
sample bare_stream(const std::string& dir);

} // namespace fsshare::bench
