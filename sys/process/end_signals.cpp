// SPDX-License-Identifier: Apache-2.0
#include "sys/process/end_signals.hpp"

#include <csignal>
#include <ctime>
#include <initializer_list>
#include <string_view>
#include <sys/time.h>
#include <unistd.h>

namespace fsshare {

namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t out;
  ::sigemptyset(&out);
  for (const auto number : numbers)
    ::sigaddset(&out, number);
  return out;
}

sigset_t awaited() {
  return set_of({SIGTERM, SIGINT, SIGHUP});
}

end_signals::arrival to_arrival(int number) {
  using request = end_signals::request;
  return {number == SIGHUP ? request::reload : request::end, number};
}

timespec to_timespec(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()), (time - seconds).count()};
}

// Only what a signal's handler may call (signal-safety(7)).
void end_because(std::string_view why) {
  static_cast<void>(!::write(STDERR_FILENO, why.data(), why.size()));
  ::_exit(1);
}

// None for 0.
void set_alarm(std::chrono::nanoseconds time) {
  using std::chrono::duration_cast;
  const auto micros = duration_cast<std::chrono::microseconds>(time).count();
  constexpr long second = 1'000'000;
  const itimerval once{{0, 0}, {micros / second, micros % second}};
  ::setitimer(ITIMER_REAL, &once, nullptr);
}

} // namespace

end_signals::end_signals() {
  const auto signals = awaited();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
}

end_signals::arrival end_signals::wait() const {
  const auto signals = awaited();
  int number = 0;
  // Fails only for signal numbers that do not exist (sigwait(3)).
  while (::sigwait(&signals, &number) != 0) {
  }
  return to_arrival(number);
}

std::optional<end_signals::arrival>
end_signals::wait_for(std::chrono::nanoseconds limit) const {
  const auto signals = awaited();
  const auto time = to_timespec(limit);
  const auto number = ::sigtimedwait(&signals, nullptr, &time);
  // EAGAIN at the limit; EINTR by a signal that is not awaited: early is fine.
  return number > 0 ? std::optional{to_arrival(number)} : std::nullopt;
}

void end_signals::limit_end(std::chrono::nanoseconds time) {
  static_cast<void>(std::signal(SIGALRM, [](int) {
    end_because("fsshared: DEADLINE_EXCEEDED: the end took longer than "
                "shutdown.grace\n");
  }));
  for (const auto number : {SIGTERM, SIGINT})
    static_cast<void>(std::signal(number, [](int) {
      end_because("fsshared: ABORTED: a second signal ended it at once\n");
    }));
  set_alarm(time);
  const auto again = set_of({SIGTERM, SIGINT});
  ::pthread_sigmask(SIG_UNBLOCK, &again, nullptr);
}

start_limit::start_limit(std::chrono::nanoseconds time) {
  static_cast<void>(std::signal(SIGALRM, [](int) {
    end_because(
      "fsshared: RESOURCE_EXHAUSTED: start: not done in time; a thread "
      "may be missing, see the limit of tasks (pids.max of the "
      "cgroup, TasksMax= of the unit, RLIMIT_NPROC)\n");
  }));
  set_alarm(time);
}

start_limit::~start_limit() {
  set_alarm(std::chrono::nanoseconds{0});
  static_cast<void>(std::signal(SIGALRM, SIG_DFL));
}

} // namespace fsshare
