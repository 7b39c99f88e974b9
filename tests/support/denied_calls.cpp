// SPDX-License-Identifier: Apache-2.0
#include "tests/support/denied_calls.hpp"

#include <cerrno>
#include <cstddef>
#include <exception>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <thread>

namespace fsshare::test {

namespace {

sock_filter instruction(int code, unsigned value, std::size_t if_true = 0) {
  return {static_cast<unsigned short>(code),
          static_cast<unsigned char>(if_true), 0, value};
}

void deny_in_this_thread(const std::vector<int>& numbers, int error) {
  std::vector<sock_filter> program;
  program.push_back(
    instruction(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  // To the last instruction, over the other numbers and the one that allows.
  for (std::size_t i = 0; i < numbers.size(); ++i)
    program.push_back(instruction(BPF_JMP | BPF_JEQ | BPF_K,
                                  static_cast<unsigned>(numbers[i]),
                                  numbers.size() - i));
  program.push_back(instruction(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  program.push_back(instruction(
    BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)));
  const sock_fprog filter{static_cast<unsigned short>(program.size()),
                          program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    throw std::runtime_error{"seccomp: errno " + std::to_string(errno)};
}

} // namespace

void run_with_denied(const std::vector<int>& numbers, int error,
                     const std::function<void()>& scenario) {
  std::exception_ptr failed;
  std::thread{[&] {
    try {
      deny_in_this_thread(numbers, error);
      scenario();
    } catch (...) {
      failed = std::current_exception();
    }
  }}.join();
  if (failed)
    std::rethrow_exception(failed);
}

} // namespace fsshare::test
