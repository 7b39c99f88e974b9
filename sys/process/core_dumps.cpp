// SPDX-License-Identifier: Apache-2.0
#include "sys/process/core_dumps.hpp"

#include "sys/errno_error.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr const char* filter_path = "/proc/self/coredump_filter";

// No kind of mapping at all; debuggers that dump a process keep to it, too.
status dump_no_mapping() {
  constexpr std::string_view none = "0";
  const unique_fd filter{::open(filter_path, O_WRONLY | O_CLOEXEC)};
  if (!filter)
    return errno_error(errno, "open", filter_path);
  if (::write(filter.get(), none.data(), none.size()) < 0)
    return errno_error(errno, "write", filter_path);
  return unit{};
}

// A program that core dumps are piped to gets them whatever the limit is
// (core(5)); what holds those back is dumpable alone.
status limit_dumps() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0)
    return errno_error(errno, "limit", "core dumps");
  return unit{};
}

} // namespace

status forbid_core_dumps() {
  // The filter first: afterwards its file is root's, whoever we are.
  auto done = dump_no_mapping();
  if (auto limited = limit_dumps(); !limited && done)
    done = limited;
  if (::prctl(PR_SET_DUMPABLE, 0) != 0 && done)
    done = errno_error(errno, "prctl", "PR_SET_DUMPABLE");
  return done;
}

} // namespace fsshare
