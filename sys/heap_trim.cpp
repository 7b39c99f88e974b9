// SPDX-License-Identifier: Apache-2.0
#include "sys/heap_trim.hpp"

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

constexpr std::chrono::seconds interval{10};
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
  explicit trimmer(io_loop& loop) : loop_(loop), pages_(resident_pages()) {
  }

  void look_later() {
    loop_.after(interval, [self = shared_from_this()] {
      self->look();
      self->look_later();
    });
  }

private:
  void look() {
    const auto now = resident_pages();
    if (now < pages_)
      pages_ = now;
    if (now < pages_ + burst_pages)
      return;
    ::malloc_trim(0);
    pages_ = resident_pages();
  }

  io_loop& loop_;
  std::size_t pages_;
};

} // namespace

void trim_heap_after_bursts(io_loop& loop) {
  std::make_shared<trimmer>(loop)->look_later();
}

} // namespace fsshare
