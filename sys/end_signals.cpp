// SPDX-License-Identifier: Apache-2.0
#include "sys/end_signals.hpp"

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
    // Only what may be called here (signal-safety(7)).
    constexpr std::string_view why
      = "fsshared: DEADLINE_EXCEEDED: the end took longer than "
        "shutdown.grace\n";
    static_cast<void>(!::write(STDERR_FILENO, why.data(), why.size()));
    ::_exit(1);
  }));
  using std::chrono::duration_cast;
  const auto micros = duration_cast<std::chrono::microseconds>(time).count();
  constexpr long second = 1'000'000;
  const itimerval once{{0, 0}, {micros / second, micros % second}};
  ::setitimer(ITIMER_REAL, &once, nullptr);
}

} // namespace fsshare
