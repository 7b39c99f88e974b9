// SPDX-License-Identifier: Apache-2.0
#include "sys/process/end_signals.hpp"

#include <csignal>
#include <string_view>
#include <sys/time.h>
#include <unistd.h>

namespace fsshare {

namespace {

sigset_t awaited() {
  sigset_t out;
  ::sigemptyset(&out);
  ::sigaddset(&out, SIGTERM);
  ::sigaddset(&out, SIGINT);
  return out;
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

int end_signals::wait() const {
  const auto signals = awaited();
  int number = 0;
  // Fails only for signal numbers that do not exist (sigwait(3)).
  while (::sigwait(&signals, &number) != 0) {
  }
  return number;
}

void end_signals::send() const {
  static_cast<void>(::kill(::getpid(), SIGTERM));
}

void end_signals::limit_end(std::chrono::nanoseconds time) {
  static_cast<void>(std::signal(SIGALRM, [](int) {
    end_because("fsshared: DEADLINE_EXCEEDED: the end took longer than "
                "shutdown.grace\n");
  }));
  set_alarm(time);
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
