// SPDX-License-Identifier: Apache-2.0
#include "tests/support/held_calls.hpp"

#include "tests/support/child_process.hpp"

#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <utility>
#include <vector>

namespace fsshare::test {

void held_calls::run(int number,
                     const std::function<void(held_calls&)>& scenario) {
  held_calls calls;
  std::vector<sock_filter> filter{
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<unsigned>(number)},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  calls.notified_calls::run(std::move(filter), [&] {
    scenario(calls);
  });
}

void held_calls::run(int number, unsigned argument,
                     const std::function<void(held_calls&)>& scenario) {
  held_calls calls;
  std::vector<sock_filter> filter{
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, static_cast<unsigned>(number)},
    // The lower half, of a little-endian machine.
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, args)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, argument},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  calls.notified_calls::run(std::move(filter), [&] {
    scenario(calls);
  });
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
    let_go_on(*id);
}

void held_calls::ended() {
  release();
}

void held_calls::take(const seccomp_notif& call) {
  const std::lock_guard lock{mutex_};
  if (passed_.value_or(1) > 0) {
    if (passed_)
      --*passed_;
    let_go_on(call.id);
    return;
  }
  passed_.reset();
  held_ = call.id;
  changed_.notify_one();
}

} // namespace fsshare::test
