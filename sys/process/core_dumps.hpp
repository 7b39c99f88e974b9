// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

namespace fsshare {

/// Keeps the memory of this process, and of those that share it, out of core
/// dumps: the kernel makes none (prctl(2), PR_SET_DUMPABLE; RLIMIT_CORE for
/// what is started from here), and one that a debugger takes has no anonymous
/// memory in it (core(5), coredump_filter). Only root may look into the process
/// from then on. Ended by execve(2), so that it comes after any.
/// @returns the error of the first of these that the kernel refuses; the others
///          hold nevertheless.
status forbid_core_dumps();

} // namespace fsshare
