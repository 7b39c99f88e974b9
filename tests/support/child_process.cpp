// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

[[noreturn]] void refuse(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Milliseconds until a deadline, for poll(2).
int left(std::chrono::steady_clock::time_point deadline) {
  const auto rest = deadline - std::chrono::steady_clock::now();
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(rest).count();
  return static_cast<int>(std::max<decltype(ms)>(ms, 0));
}

void wait_readable(int fd, std::chrono::steady_clock::time_point deadline,
                   const char* what) {
  for (;;) {
    pollfd waited{fd, POLLIN, 0};
    const auto count = ::poll(&waited, 1, left(deadline));
    if (count > 0)
      return;
    if (count == 0)
      throw std::runtime_error(std::string{what} + ": deadline passed");
    if (errno != EINTR)
      refuse(what);
  }
}

// Runs in the child between fork and exec: only what signal-safety(7) lists.
[[noreturn]] void become(char* const* argv, int output, int errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_DFL); // NOLINT(cert-err33-c): some cannot be set
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::execv(argv[0], argv);
  ::_exit(127);
}

} // namespace

child_process::child_process(std::vector<std::string> argv) {
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (auto& argument : argv)
    arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0)
    refuse("pipe");
  output_.reset(ends[0]);
  const unique_fd writer{ends[1]};
  errors_.reset(::memfd_create("errors", MFD_CLOEXEC));
  if (!errors_)
    refuse("memfd_create");
  // Until it is itself the child has our handlers, doctest's among them: no
  // signal may reach it before.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_ = ::fork();
  if (pid_ == 0)
    become(arguments.data(), writer.get(), errors_.get());
  const int why = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  if (pid_ < 0)
    refuse("fork");
}

child_process::~child_process() {
  if (exit_code_)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool child_process::read_some(time_point deadline) {
  wait_readable(output_.get(), deadline, "read output");
  std::array<char, 4096> part{};
  const auto count = ::read(output_.get(), part.data(), part.size());
  if (count < 0)
    refuse("read output");
  pending_.append(part.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::optional<std::string> child_process::read_line(duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  auto end = pending_.find('\n');
  while (end == std::string::npos) {
    if (!read_some(deadline))
      return std::nullopt;
    end = pending_.find('\n');
  }
  auto line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return line;
}

std::string child_process::read_rest(duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (read_some(deadline)) {
  }
  return std::exchange(pending_, {});
}

std::string child_process::errors() const {
  std::string out;
  std::array<char, 4096> part{};
  for (;;) {
    const auto count = ::pread(errors_.get(), part.data(), part.size(),
                               static_cast<off_t>(out.size()));
    if (count <= 0)
      return out;
    out.append(part.data(), static_cast<std::size_t>(count));
  }
}

void child_process::signal(int number) {
  if (!exit_code_)
    ::kill(pid_, number);
}

void child_process::stop() {
  signal(SIGSTOP);
  siginfo_t stopped{};
  // Its end is not waited for, for it would be taken from wait().
  if (::waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED | WNOWAIT)
      != 0)
    refuse("wait for a program to stop");
}

int child_process::wait(duration limit) {
  if (exit_code_)
    return *exit_code_;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  // Readable once the process has ended (pidfd_open(2)).
  const unique_fd handle{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!handle)
    refuse("pidfd_open");
  wait_readable(handle.get(), deadline, "wait for a program");
  int how = 0;
  if (::waitpid(pid_, &how, 0) < 0)
    refuse("waitpid");
  exit_code_ = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
  return *exit_code_;
}

int child_process::terminate(duration limit) {
  signal(SIGTERM);
  return wait(limit);
}

finished_process run_process(std::vector<std::string> argv,
                             child_process::duration limit) {
  child_process child{std::move(argv)};
  finished_process out;
  out.output = child.read_rest(limit);
  out.exit_code = child.wait(limit);
  out.errors = child.errors();
  return out;
}

} // namespace fsshare::test
