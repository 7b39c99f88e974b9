// SPDX-License-Identifier: Apache-2.0
#include "sys/process/bounded_calls.hpp"

#include "core/text/duration_text.hpp"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <set>

namespace fsshare {

owned_fd own_copy(int fd) {
  return std::make_shared<const unique_fd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

// What this thread and the readers share.
struct bounded_calls::calls {
  enum class state : std::uint8_t { running, ended, abandoned };

  std::mutex mutex;
  std::condition_variable ended;
  /// Readers without a call.
  std::vector<std::size_t> idle;
  /// Keys of the calls that hang.
  std::multiset<std::string> hung;
};

namespace {

status do_in(const bounded_calls::place& where,
             const std::function<void()>& call) {
  if (where)
    return where(call);
  call();
  return unit{};
}

// Nobody waits for it any more, and a reader's job throws nothing.
void undo(const bounded_calls::place& where,
          const std::function<void()>& late) {
  try {
    static_cast<void>(do_in(where, late));
  } catch (...) {
    // What stays is seen by whoever looks at the mount table next.
    return;
  }
}

} // namespace

bounded_calls::bounded_calls(const settings& s,
                             std::shared_ptr<read_runner> runner)
  : settings_(s), calls_(std::make_shared<calls>()),
    runner_(std::move(runner)) {
  // Later no task may be left for it; without one here the first call asks.
  if (runner_->run(0, [] {}))
    calls_->idle.push_back(readers_made_++);
}

result<std::size_t> bounded_calls::take_reader(const std::string& key,
                                               const std::string& shown) {
  const std::lock_guard lock{calls_->mutex};
  if (calls_->hung.contains(key))
    return error{errc::resource_exhausted,
                 shown + ": an earlier call still hangs"};
  if (calls_->hung.size() >= settings_.most_hung)
    return error{errc::resource_exhausted,
                 shown + ": " + std::to_string(calls_->hung.size())
                   + " other calls hang"};
  if (calls_->idle.empty())
    calls_->idle.push_back(readers_made_++);
  const auto reader = calls_->idle.back();
  calls_->idle.pop_back();
  return reader;
}

status bounded_calls::await(const std::string& key, const std::string& shown,
                            const std::function<void()>& call,
                            const std::function<void()>& late) {
  using state = calls::state;
  const auto free_reader = take_reader(key, shown);
  if (!free_reader)
    return free_reader.err();
  const auto reader = *free_reader;
  const auto current = std::make_shared<state>(state::running);
  const auto failed = std::make_shared<std::optional<error>>();
  const auto done = [failed, call, where = where_] {
    try {
      if (const auto there = do_in(where, call); !there)
        *failed = there.err();
    } catch (const std::exception& thrown) {
      *failed = error{errc::internal, thrown.what()};
    }
  };
  auto job
    = [shared = calls_, current, done, late, reader, key, where = where_] {
        done();
        std::unique_lock lock{shared->mutex};
        if (*current == state::running) {
          *current = state::ended;
          shared->idle.push_back(reader);
          shared->ended.notify_one();
          return;
        }
        lock.unlock();
        undo(where, late);
        lock.lock();
        shared->hung.erase(shared->hung.find(key));
        shared->idle.push_back(reader);
      };
  if (auto given = runner_->run(reader, std::move(job)); !given) {
    const std::lock_guard lock{calls_->mutex};
    calls_->idle.push_back(reader);
    return given.err().within(shown);
  }
  std::unique_lock lock{calls_->mutex};
  const bool in_time = calls_->ended.wait_for(lock, settings_.limit, [&] {
    return *current == state::ended;
  });
  if (in_time && *failed)
    return (*failed)->within(shown);
  if (in_time)
    return unit{};
  *current = state::abandoned;
  calls_->hung.insert(key);
  return error{errc::deadline_exceeded,
               shown + ": no answer for " + format_duration(settings_.limit)};
}

} // namespace fsshare
