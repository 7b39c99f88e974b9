// SPDX-License-Identifier: Apache-2.0
#include "sys/net/io_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <limits>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace fsshare {

namespace {

static_assert(readable == EPOLLIN && writable == EPOLLOUT);
static_assert(failed == EPOLLERR && hung_up == EPOLLHUP);

/// The id of the eventfd that ends a wait early.
constexpr io_loop::id wake_id = 0;

constexpr std::size_t events_per_wait = 64;

// As /proc and top show it.
constexpr const char* thread_name = "io-loop";

int checked(int returned, const char* call) {
  if (returned < 0)
    throw std::system_error(errno, std::generic_category(), call);
  return returned;
}

epoll_event make_event(io_loop::id which, readiness events) {
  epoll_event out{};
  out.events = events;
  out.data.u64 = which;
  return out;
}

} // namespace

io_loop::io_loop(report failures)
  : failures_(std::move(failures)),
    epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
    wake_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  auto event = make_event(wake_id, EPOLLIN);
  checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event),
          "epoll_ctl");
  thread_ = std::thread{[this] {
    run();
  }};
}

io_loop::~io_loop() {
  stop();
}

io_loop::id io_loop::add(int fd, readiness events, on_ready on) {
  const auto which = next_.fetch_add(1);
  auto added = std::make_shared<entry>(entry{fd, std::move(on)});
  post([this, which, events, added = std::move(added)] {
    auto event = make_event(which, events);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, added->fd, &event) == 0) {
      entries_.emplace(which, added);
      return;
    }
    // Out of epoll watches, or an fd that cannot be waited for: the owner
    // learns it as it learns every failure of its fd.
    added->on(failed);
  });
  return which;
}

void io_loop::mod(id which, readiness events) {
  post([this, which, events] {
    const auto at = entries_.find(which);
    if (at == entries_.end())
      return;
    auto event = make_event(which, events);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, at->second->fd, &event);
  });
}

void io_loop::del(id which) {
  post([this, which] {
    const auto at = entries_.find(which);
    if (at == entries_.end())
      return;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, at->second->fd, nullptr);
    const auto dying = std::move(at->second);
    entries_.erase(at);
  });
}

void io_loop::post(task what) {
  {
    const std::lock_guard guard{mutex_};
    if (is_closed_)
      return;
    posted_.push_back(std::move(what));
  }
  if (is_woken_.exchange(true))
    return;
  const std::uint64_t one = 1;
  // Can fail only if the counter is full, and then the loop is awake.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
}

io_loop::id io_loop::after(std::chrono::nanoseconds delay, task what) {
  const auto timer = next_.fetch_add(1);
  const auto due = std::chrono::steady_clock::now() + delay;
  post([this, timer, due, what = std::move(what)]() mutable {
    timers_.emplace(std::pair{due, timer}, std::move(what));
    due_.emplace(timer, due);
  });
  return timer;
}

void io_loop::cancel(id timer) {
  post([this, timer] {
    const auto at = due_.find(timer);
    if (at == due_.end())
      return;
    const auto dying = timers_.extract({at->second, timer});
    due_.erase(at);
  });
}

void io_loop::stop() {
  post([this] {
    is_stopping_ = true;
  });
  if (is_loop_thread())
    return;
  const std::lock_guard guard{join_mutex_};
  if (thread_.joinable())
    thread_.join();
}

bool io_loop::is_loop_thread() const {
  return std::this_thread::get_id() == loop_thread_.load();
}

template <class Call>
void io_loop::guarded(Call call) {
  if (!failures_)
    return call();
  try {
    call();
  } catch (const std::exception& thrown) {
    failures_(thrown.what());
  } catch (...) {
    failures_("an unknown exception");
  }
}

void io_loop::run() {
  ::prctl(PR_SET_NAME, thread_name);
  loop_thread_ = std::this_thread::get_id();
  std::array<epoll_event, events_per_wait> events{};
  while (!is_stopping_) {
    const auto count = ::epoll_wait(epoll_.get(), events.data(),
                                    static_cast<int>(events.size()), wait_ms());
    if (count < 0 && errno != EINTR)
      break;
    for (int i = 0; i < count && !is_stopping_; ++i) {
      // epoll_event is packed: copies, never references to its members.
      const auto& event = events[static_cast<std::size_t>(i)];
      const id which = event.data.u64;
      const readiness ready = event.events;
      if (which == wake_id)
        run_posted();
      else
        dispatch(which, ready);
    }
    fire_timers();
  }
  clear();
}

void io_loop::dispatch(id which, readiness events) {
  // Stale events of a deleted fd find nothing here.
  const auto at = entries_.find(which);
  if (at == entries_.end())
    return;
  const auto kept = at->second; // the callback may call del()
  guarded([&] {
    kept->on(events);
  });
}

void io_loop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof(count));
  is_woken_ = false; // before taking the queue: later tasks wake again
  std::vector<task> taken;
  {
    const std::lock_guard guard{mutex_};
    taken.swap(posted_);
  }
  for (auto& what : taken)
    guarded([&what] {
      const auto once = std::exchange(what, nullptr);
      once();
    });
}

void io_loop::fire_timers() {
  const auto now = std::chrono::steady_clock::now();
  while (!is_stopping_ && !timers_.empty()
         && timers_.begin()->first.first <= now) {
    const auto fired = timers_.extract(timers_.begin());
    due_.erase(fired.key().second);
    guarded(fired.mapped());
  }
}

int io_loop::wait_ms() const {
  using namespace std::chrono;
  if (timers_.empty())
    return -1;
  const auto left = timers_.begin()->first.first - steady_clock::now();
  const auto ms = ceil<milliseconds>(left).count();
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, longest));
}

void io_loop::clear() {
  std::vector<task> dropped;
  {
    const std::lock_guard guard{mutex_};
    is_closed_ = true;
    dropped.swap(posted_);
  }
  // What is destroyed may call del() or post(), which do nothing any more.
  const auto entries = std::move(entries_);
  const auto timers = std::move(timers_);
  entries_.clear();
  timers_.clear();
  due_.clear();
}

} // namespace fsshare
