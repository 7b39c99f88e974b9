// SPDX-License-Identifier: Apache-2.0
#include "sys/net/descriptor_limit.hpp"

#include "core/pacing.hpp"
#include "sys/unique_fd.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <sys/eventfd.h>
#include <sys/resource.h>

namespace fsshare {

namespace {

/// More than any node needs; some systems have limits of a billion.
constexpr rlim_t most = rlim_t{1} << 20;

/// Kept from connections: MOUNTER, the readers and inotify use less at once.
constexpr std::size_t kept_descriptors = 64;

std::size_t descriptor_limit() {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) < 0)
    return 0;
  return static_cast<std::size_t>(std::min(now.rlim_cur, most));
}

/// Returns the room that there is for one more.
descriptor_room room_now() {
  const unique_fd probe{::eventfd(0, EFD_CLOEXEC)};
  return probe ? room_after(probe.get()) : descriptor_room::almost_none;
}

} // namespace

std::size_t raise_descriptor_limit() {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < most) {
    now.rlim_cur = std::min(now.rlim_max, most);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  return descriptor_limit();
}

descriptor_room room_after(int fd) {
  const auto limit = descriptor_limit();
  const auto kept = std::min(kept_descriptors, limit / 4);
  const auto left = limit - std::min(limit, static_cast<std::size_t>(fd) + 1);
  if (left >= kept)
    return descriptor_room::enough;
  return left >= kept / 2 ? descriptor_room::few : descriptor_room::almost_none;
}

struct descriptor_gauge::watcher
  : public std::enable_shared_from_this<watcher> {
  watcher(io_loop& of, report to) : loop(of), tell(std::move(to)) {
  }

  void fell_short(descriptor_room room) {
    tell(room);
    if (!std::exchange(is_short, true))
      look_later();
  }

  void look_later() {
    loop.after(pacing::descriptors_look, [self = shared_from_this()] {
      if (room_now() != descriptor_room::enough)
        return self->look_later();
      self->is_short = false;
      self->tell(descriptor_room::enough);
    });
  }

  io_loop& loop;
  const report tell;
  bool is_short = false;
};

descriptor_gauge::descriptor_gauge(io_loop& loop, report tell)
  : watcher_(std::make_shared<watcher>(loop, std::move(tell))) {
}

descriptor_room descriptor_gauge::look_at(int fd) {
  const auto room = room_after(fd);
  if (room != descriptor_room::enough)
    watcher_->fell_short(room);
  return room;
}

void descriptor_gauge::ran_out() {
  watcher_->fell_short(descriptor_room::almost_none);
}

} // namespace fsshare
