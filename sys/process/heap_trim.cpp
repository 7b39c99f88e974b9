// SPDX-License-Identifier: Apache-2.0
#include "sys/process/heap_trim.hpp"

#include "sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t burst_pages = (std::size_t{16} << 20) / page_bytes;

/// Returns the pages of the process that are in memory (the second number of
/// /proc/self/statm, proc(5)); 0 if the kernel does not tell.
std::size_t resident_pages() {
  const unique_fd file{::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
  std::array<char, 128> room{};
  const auto n = file ? ::read(file.get(), room.data(), room.size()) : -1;
  if (n <= 0)
    return 0;
  std::string_view text{room.data(), static_cast<std::size_t>(n)};
  text.remove_prefix(std::min(text.find(' ') + 1, text.size()));
  std::size_t pages = 0;
  std::from_chars(text.data(), text.data() + text.size(), pages);
  return pages;
}

class trimmer : public std::enable_shared_from_this<trimmer> {
public:
  trimmer(io_loop& loop, std::chrono::nanoseconds interval)
    : loop_(loop), interval_(interval), least_(resident_pages()),
      last_(least_) {
  }

  void look_later() {
    loop_.after(interval_, [self = shared_from_this()] {
      self->look();
      self->look_later();
    });
  }

private:
  void look() {
    const auto now = resident_pages();
    least_ = std::min(least_, now);
    last_ = std::min(last_, now);
    if (now < least_ + burst_pages)
      return;
    // What is taken still may be given back later: it is tried again, ever more
    // rarely.
    const bool has_grown = now >= last_ + burst_pages;
    if (!has_grown && ++looks_ < pause_)
      return;
    ::malloc_trim(0);
    last_ = resident_pages();
    const bool was_of_use = last_ + burst_pages / 4 < now;
    pause_ = has_grown || was_of_use
               ? 1
               : std::min(pause_ * 2, pacing::most_heap_looks_left_out);
    looks_ = 0;
  }

  io_loop& loop_;
  std::chrono::nanoseconds interval_;
  /// The least that the process had, and what it had after the last trim.
  std::size_t least_;
  std::size_t last_;
  /// Looks since the last trim, and from one to the next.
  unsigned looks_ = 0;
  unsigned pause_ = 1;
};

} // namespace

void trim_heap_after_bursts(io_loop& loop, std::chrono::nanoseconds interval) {
  std::make_shared<trimmer>(loop, interval)->look_later();
}

} // namespace fsshare
