// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/tree/open_beneath.hpp"

#include <string>
#include <sys/stat.h>

namespace fsshare {

/// Opens the regular file at `path` below the directory `base` for reading, as
/// open_beneath() does. It is looked at before it is opened: whatever takes its
/// name meanwhile, no device, FIFO or terminal is opened, since the mere
/// opening of one may rewind a tape or wake a writer. Needs /proc.
/// @returns a descriptor that owns nothing on failure; errno then says why:
///          ENXIO for what is no regular file, EWOULDBLOCK while somebody holds
///          a lease on it, who has been told to give it up by then (fcntl(2),
///          F_SETLEASE).
unique_fd open_regular_file(int base, const std::string& path,
                            mount_crossing mounts);

/// The same of the file that `handle` has open with O_PATH.
/// @param seen what fstat(2) tells of it, just before it is opened.
unique_fd reopen_regular_file(int handle, struct stat& seen);
unique_fd reopen_regular_file(int handle);

} // namespace fsshare
