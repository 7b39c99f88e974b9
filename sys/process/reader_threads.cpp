// SPDX-License-Identifier: Apache-2.0
#include "sys/process/reader_threads.hpp"

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

// Deep trees are walked without recursion; what is put here is bounded.
constexpr std::size_t stack_bytes = std::size_t{1} << 20;
// At its end, so that an overflow ends the process instead of writing
// elsewhere.
constexpr std::size_t guard_bytes = std::size_t{64} << 10;

// ThreadSanitizer takes clone(2) for a fork(2) and refuses to go on.
#if defined(__SANITIZE_THREAD__)
constexpr bool has_processes = false;
#else
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FSSHARE_NO_PROCESSES
#endif
#endif
#ifdef FSSHARE_NO_PROCESSES
constexpr bool has_processes = false;
#else
constexpr bool has_processes = true;
#endif
#endif

class mapped_stack {
public:
  mapped_stack()
    : base_(::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (*this)
      ::mprotect(base_, guard_bytes, PROT_NONE);
  }
  ~mapped_stack() {
    if (*this)
      ::munmap(base_, stack_bytes);
  }
  mapped_stack(const mapped_stack&) = delete;
  mapped_stack& operator=(const mapped_stack&) = delete;

  explicit operator bool() const {
    return base_ != MAP_FAILED;
  }
  void* top() const {
    return static_cast<char*>(base_) + stack_bytes;
  }

private:
  void* base_;
};

void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

} // namespace

class reader_threads::worker : public std::enable_shared_from_this<worker> {
public:
  // Throws std::system_error where no thread can be made.
  void start() {
    std::thread{[self = shared_from_this()] {
      self->live();
    }}.detach();
  }

  void add(job what) {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(std::move(what));
    wake_.notify_one();
  }

  void end() {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
    wake_.notify_one();
  }

private:
  void live() {
    block_signals();
    if (!has_processes || !live_apart())
      work();
  }

  // Works in a process of its own; false where there can be none, because of a
  // limit of tasks or a seccomp filter: then a plain thread has to do.
  //
  // From clone() on, thread-local storage (errno, what malloc keeps) is the
  // other's: this thread only waits, by a call that does not touch it.
  bool live_apart() {
    const mapped_stack stack;
    if (!stack)
      return false;
    // What it makes has its name from the first moment on.
    ::prctl(PR_SET_NAME, reader_process_name);
    process_ = ::getpid();
    const auto child = ::clone(
      [](void* self) {
        // When the waiting thread ends, which it does with its process. That
        // may have been before.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != static_cast<worker*>(self)->process_)
          return 0;
        static_cast<worker*>(self)->work();
        static_cast<worker*>(self)->has_returned_ = true;
        return 0;
      },
      stack.top(), CLONE_VM | CLONE_FILES | CLONE_FS, this);
    if (child < 0)
      return false;
    int ended = 0;
    // Signals are blocked: EINTR does not occur (signal(7)).
    ::syscall(SYS_wait4, child, &ended, __WALL, nullptr);
    // What ends one thread of a process otherwise ends the process.
    if (WIFSIGNALED(ended))
      std::abort();
    if (!has_returned_)
      std::_Exit(WEXITSTATUS(ended));
    return true;
  }

  void work() {
    for (;;) {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] {
        return is_ending_ || !jobs_.empty();
      });
      if (jobs_.empty())
        return;
      auto next = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      next();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<job> jobs_;
  bool is_ending_ = false;
  bool has_returned_ = false;
  /// Whose reader it is.
  pid_t process_ = 0;
};

reader_threads::~reader_threads() {
  for (const auto& entry : workers_)
    entry.second->end();
}

status reader_threads::run(std::size_t reader, job what) {
  auto known = workers_.find(reader);
  if (known == workers_.end()) {
    auto made = std::make_shared<worker>();
    try {
      made->start();
    } catch (const std::system_error& failed) {
      return error{errc::unavailable,
                   std::string{"make a thread for reads: "} + failed.what()};
    }
    known = workers_.emplace(reader, std::move(made)).first;
  }
  known->second->add(std::move(what));
  return unit{};
}

void reader_threads::retire(std::size_t reader) {
  const auto known = workers_.find(reader);
  if (known == workers_.end())
    return;
  known->second->end();
  workers_.erase(known);
}

} // namespace fsshare
