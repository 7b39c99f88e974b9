#include "tests/demo/data_observer.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace fsshare::demo {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

data_observer::data_observer(std::vector<std::string> dirs)
  : dirs_(std::move(dirs)), events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
    end_(::eventfd(0, EFD_CLOEXEC)), seen_(dirs_.size()) {
  if (!events_ || !end_)
    refuse("inotify_init1");
  for (const auto& dir : dirs_)
    if (::inotify_add_watch(events_.get(), dir.c_str(), IN_CREATE | IN_MOVED_TO)
        < 0)
      refuse("inotify_add_watch " + dir);
  look();
  thread_ = std::thread{[this] {
    watch();
  }};
}

data_observer::~data_observer() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(end_.get(), &one, sizeof one));
  thread_.join();
}

std::vector<data_observer::sighting>
data_observer::seen(std::size_t dir) const {
  const std::lock_guard hold{guard_};
  return seen_.at(dir);
}

bool data_observer::wait_for_all(
  const std::function<bool(const std::string&)>& wanted,
  std::chrono::milliseconds limit) const {
  std::unique_lock hold{guard_};
  return changed_.wait_until(hold, clock::now() + limit, [&] {
    return std::all_of(seen_.begin(), seen_.end(), [&](const auto& each) {
      return !each.empty() && wanted(each.back().generation);
    });
  });
}

void data_observer::watch() {
  alignas(inotify_event) std::array<char, 4096> unread{};
  std::array<pollfd, 2> waited{
    {{events_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
  while (waited[1].revents == 0) {
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR)
      return;
    // What the events say does not matter, only that there were some.
    while (::read(events_.get(), unread.data(), unread.size()) > 0) {
    }
    look();
  }
}

void data_observer::look() {
  bool news = false;
  for (std::size_t i = 0; i < dirs_.size(); ++i) {
    std::error_code gone;
    const auto name
      = std::filesystem::read_symlink(join(dirs_[i], "..data"), gone).string();
    const auto now = clock::now();
    const std::lock_guard hold{guard_};
    auto& list = seen_[i];
    // Some guest agents remove the link before they make it anew.
    if (gone || (!list.empty() && list.back().generation == name))
      continue;
    list.push_back({name, now});
    news = true;
  }
  if (news)
    changed_.notify_all();
}

} // namespace fsshare::demo
