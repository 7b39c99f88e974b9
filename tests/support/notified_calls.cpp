// SPDX-License-Identifier: Apache-2.0
#include "tests/support/notified_calls.hpp"

#include <cerrno>
#include <exception>
#include <future>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace fsshare::test {

namespace {

constexpr int poll_ms = 20;

// Returns what tells of the calls of this thread and of what it starts.
unique_fd listen_to(std::vector<sock_filter>& program) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()),
                          program.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  unique_fd listener{
    static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                               SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter))};
  if (!listener)
    throw std::runtime_error{"seccomp: errno " + std::to_string(errno)};
  return listener;
}

} // namespace

void notified_calls::run(std::vector<sock_filter> filter,
                         const std::function<void()>& scenario) {
  std::promise<void> installed;
  auto ready = installed.get_future();
  std::exception_ptr failed;
  std::thread caller{[&] {
    try {
      listener_ = listen_to(filter);
      installed.set_value();
      scenario();
    } catch (...) {
      failed = std::current_exception();
      if (!listener_)
        installed.set_value();
    }
    ended();
    is_ending_ = true;
  }};
  ready.wait();
  if (listener_)
    serve();
  caller.join();
  if (failed)
    std::rethrow_exception(failed);
}

void notified_calls::let_go_on(std::uint64_t id) {
  seccomp_notif_resp answer{};
  answer.id = id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  // Who called may be gone.
  static_cast<void>(
    ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

void notified_calls::serve() {
  while (!is_ending_) {
    pollfd ready{listener_.get(), POLLIN, 0};
    if (::poll(&ready, 1, poll_ms) <= 0)
      continue;
    seccomp_notif call{};
    // A call whose caller was killed meanwhile is ENOENT.
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) == 0)
      take(call);
  }
}

} // namespace fsshare::test
