// SPDX-License-Identifier: Apache-2.0
#include "tests/support/held_calls.hpp"

#include "tests/support/child_process.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
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
#include <unistd.h>
#include <utility>

namespace fsshare::test {

namespace {

constexpr int poll_ms = 20;

// Returns what tells of the calls of this thread and of what it starts.
unique_fd listen_to(int number) {
  std::array<sock_filter, 4> program{
    {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
     {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<unsigned>(number)},
     {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
     {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
  const sock_fprog filter{program.size(), program.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  unique_fd listener{
    static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                               SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter))};
  if (!listener)
    throw std::runtime_error{"seccomp: errno " + std::to_string(errno)};
  return listener;
}

void let_go_on(int listener, std::uint64_t id) {
  seccomp_notif_resp answer{};
  answer.id = id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  // Who called may be gone.
  static_cast<void>(::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

} // namespace

void held_calls::run(int number,
                     const std::function<void(held_calls&)>& scenario) {
  held_calls calls;
  std::promise<void> installed;
  auto ready = installed.get_future();
  std::exception_ptr failed;
  std::thread caller{[&] {
    try {
      calls.listener_ = listen_to(number);
      installed.set_value();
      scenario(calls);
    } catch (...) {
      failed = std::current_exception();
      if (!calls.listener_)
        installed.set_value();
    }
    calls.release();
    calls.is_ending_ = true;
  }};
  ready.wait();
  if (calls.listener_)
    calls.serve();
  caller.join();
  if (failed)
    std::rethrow_exception(failed);
}

void held_calls::hold_next(std::size_t passed) {
  const std::lock_guard lock{mutex_};
  passed_ = passed;
}

bool held_calls::await_held() {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, child_process::patience, [this] {
    return held_.has_value();
  });
}

void held_calls::release() {
  const std::lock_guard lock{mutex_};
  passed_.reset();
  if (const auto id = std::exchange(held_, std::nullopt))
    let_go_on(listener_.get(), *id);
}

void held_calls::serve() {
  while (!is_ending_) {
    pollfd ready{listener_.get(), POLLIN, 0};
    if (::poll(&ready, 1, poll_ms) <= 0)
      continue;
    seccomp_notif call{};
    // A call whose caller was killed meanwhile is ENOENT.
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
      continue;
    const std::lock_guard lock{mutex_};
    if (passed_.value_or(1) > 0) {
      if (passed_)
        --*passed_;
      let_go_on(listener_.get(), call.id);
      continue;
    }
    passed_.reset();
    held_ = call.id;
    changed_.notify_one();
  }
}

} // namespace fsshare::test
