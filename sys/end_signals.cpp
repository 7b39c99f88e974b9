#include "sys/end_signals.hpp"

#include <csignal>
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

void end_signals::limit_end(unsigned seconds) {
  // The default action of SIGALRM (signal(7)).
  ::alarm(seconds);
}

} // namespace fsshare
