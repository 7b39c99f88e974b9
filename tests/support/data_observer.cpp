// SPDX-License-Identifier: Apache-2.0
#include "tests/support/data_observer.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <system_error>
#include <unistd.h>

namespace fsshare::test {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

data_observer::data_observer(const std::vector<std::string>& dirs)
  : events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
    end_(::eventfd(0, EFD_CLOEXEC)) {
  if (!events_ || !end_)
    refuse("inotify_init1");
  for (const auto& dir : dirs)
    add(dir);
  thread_ = std::thread{[this] {
    watch();
  }};
}

data_observer::~data_observer() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(end_.get(), &one, sizeof one));
  thread_.join();
}

std::size_t data_observer::add(const std::string& dir) {
  const std::lock_guard hold{guard_};
  const auto id
    = ::inotify_add_watch(events_.get(), dir.c_str(), IN_CREATE | IN_MOVED_TO);
  if (id < 0)
    refuse("inotify_add_watch " + dir);
  observed_.push_back({dir, id, {}});
  look(observed_.back());
  return observed_.size() - 1;
}

std::vector<data_observer::sighting>
data_observer::seen(std::size_t dir) const {
  const std::lock_guard hold{guard_};
  return observed_.at(dir).seen;
}

bool data_observer::wait_for_all(
  const std::function<bool(const std::string&)>& wanted,
  std::chrono::milliseconds limit) const {
  std::unique_lock hold{guard_};
  return changed_.wait_until(hold, clock::now() + limit, [&] {
    return std::all_of(
      observed_.begin(), observed_.end(), [&](const auto& each) {
        return !each.seen.empty() && wanted(each.seen.back().generation);
      });
  });
}

void data_observer::watch() {
  std::array<pollfd, 2> waited{
    {{events_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
  while (waited[1].revents == 0) {
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR)
      return;
    while (read_events()) {
    }
  }
}

/// @returns false if there were none.
bool data_observer::read_events() {
  alignas(inotify_event) std::array<char, 4096> read{};
  const auto count = ::read(events_.get(), read.data(), read.size());
  if (count <= 0)
    return false;
  // What the events say does not matter, only where there were some.
  std::set<int> watches;
  for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
    inotify_event event{};
    std::memcpy(&event, read.data() + at, sizeof event);
    watches.insert(event.wd);
    at += sizeof event + event.len;
  }
  look(watches);
  return true;
}

void data_observer::look(const std::set<int>& watches) {
  // The watch of an overflow.
  constexpr int all = -1;
  bool news = false;
  const std::lock_guard hold{guard_};
  for (auto& each : observed_)
    if (watches.contains(each.watch) || watches.contains(all))
      news = look(each) || news;
  if (news)
    changed_.notify_all();
}

/// @returns whether it names something else than before.
bool data_observer::look(observed& at) {
  std::error_code gone;
  const auto name
    = std::filesystem::read_symlink(join(at.dir, "..data"), gone).string();
  const auto now = clock::now();
  // Some guest agents remove the link before they make it anew.
  if (gone || (!at.seen.empty() && at.seen.back().generation == name))
    return false;
  at.seen.push_back({name, now});
  return true;
}

} // namespace fsshare::test
