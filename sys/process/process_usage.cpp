// SPDX-License-Identifier: Apache-2.0
#include "sys/process/process_usage.hpp"

#include "sys/process/proc_numbers.hpp"
#include "sys/unique_fd.hpp"

#include <array>
#include <cstdlib>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace fsshare {

namespace {

std::chrono::nanoseconds length_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec}
         + std::chrono::microseconds{time.tv_usec};
}

/// Pages in RAM: the second number of /proc/self/statm.
std::uint64_t resident_pages() {
  const unique_fd file{::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
  std::array<char, 128> text{};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0)
    return 0;
  char* rest = nullptr;
  std::strtoull(text.data(), &rest, 10);
  return std::strtoull(rest, nullptr, 10);
}

} // namespace

process_usage own_usage() {
  process_usage out;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0)
    out.processor = length_of(used.ru_utime) + length_of(used.ru_stime);
  out.resident_bytes
    = resident_pages() * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  out.threads = numbers_in("/proc/self/task").size();
  // The one that the listing itself takes is among them.
  const auto open = numbers_in("/proc/self/fd").size();
  out.descriptors = open == 0 ? 0 : open - 1;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    out.most_descriptors = limit.rlim_cur;
  return out;
}

} // namespace fsshare
