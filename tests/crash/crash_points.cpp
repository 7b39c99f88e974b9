// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/crash_points.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace fsshare::test {

namespace {

struct named_call {
  int number;
  const char* name;
};

constexpr auto changing_calls = std::to_array<named_call>({
  {SYS_mount, "mount"},
  {SYS_umount2, "umount2"},
  {SYS_open_tree, "open_tree"},
  {SYS_mount_setattr, "mount_setattr"},
  {SYS_move_mount, "move_mount"},
  {SYS_mkdir, "mkdir"},
  {SYS_mkdirat, "mkdirat"},
  {SYS_mknodat, "mknodat"},
  {SYS_rmdir, "rmdir"},
  {SYS_unlink, "unlink"},
  {SYS_unlinkat, "unlinkat"},
  {SYS_rename, "rename"},
  {SYS_renameat, "renameat"},
  {SYS_renameat2, "renameat2"},
});

sock_filter load(std::size_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}

// Those calls, and what opens a file to make it or to append to it.
std::vector<sock_filter> make_filter(sending sends) {
  std::vector<sock_filter> out{load(offsetof(seccomp_data, nr))};
  const auto tell = [] {
    return sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF};
  };
  const auto add = [&](std::uint32_t call) {
    out.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call});
    out.push_back(tell());
  };
  for (const auto& call : changing_calls)
    add(static_cast<std::uint32_t>(call.number));
  if (sends == sending::counts)
    add(SYS_sendto);
  // The low half of the flags, on a little-endian machine.
  out.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_openat});
  out.push_back(load(offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t)));
  out.push_back({BPF_JMP | BPF_JSET | BPF_K, 0, 1, O_CREAT | O_APPEND});
  out.push_back(tell());
  out.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  return out;
}

std::string name_of(int number) {
  for (const auto& call : changing_calls)
    if (call.number == number)
      return call.name;
  return number == SYS_sendto ? "sendto" : "openat";
}

pid_t process_of(pid_t thread) {
  std::ifstream status{"/proc/" + std::to_string(thread) + "/status"};
  for (std::string word; status >> word;)
    if (pid_t process = 0; word == "Tgid:" && status >> process)
      return process;
  return 0;
}

} // namespace

void crash_points::run(const std::function<void(crash_points&)>& scenario,
                       sending sends) {
  crash_points points;
  points.notified_calls::run(make_filter(sends), [&] {
    scenario(points);
  });
}

void crash_points::ended() {
  spare();
}

void crash_points::count() {
  const std::lock_guard lock{mutex_};
  calls_ = 0;
  passed_.reset();
  killed_at_.clear();
}

void crash_points::kill_at(pid_t pid, std::size_t passed) {
  const std::lock_guard lock{mutex_};
  calls_ = 0;
  victim_ = pid;
  passed_ = passed;
  killed_at_.clear();
}

void crash_points::spare() {
  const std::lock_guard lock{mutex_};
  passed_.reset();
}

std::size_t crash_points::calls() const {
  const std::lock_guard lock{mutex_};
  return calls_;
}

std::string crash_points::killed_at() const {
  const std::lock_guard lock{mutex_};
  return killed_at_;
}

void crash_points::take(const seccomp_notif& call) {
  const auto caller = static_cast<pid_t>(call.pid);
  const auto process = process_of(caller);
  const std::lock_guard lock{mutex_};
  if (process == ::getpid()) {
    let_go_on(call.id);
    return;
  }
  ++calls_;
  if (!passed_ || (*passed_)-- > 0) {
    let_go_on(call.id);
    return;
  }
  passed_.reset();
  killed_at_ = name_of(call.data.nr);
  ::kill(victim_, SIGKILL);
  // A reader is a process of its own, and would go at its parent's end.
  if (process != victim_)
    ::kill(caller, SIGKILL);
}

std::size_t crash_stride() {
  // Tests read their environment before any thread exists.
  const char* given
    = std::getenv("FSSHARE_CRASH_STRIDE"); // NOLINT(concurrency-mt-unsafe)
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

} // namespace fsshare::test
