// SPDX-License-Identifier: Apache-2.0
#include "tests/support/shim_namespace.hpp"

#include "tests/support/private_mounts.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + ::strerrordesc_np(errno));
}

bool become(namespace_kind kind, const char* from) {
  if (from != nullptr) {
    const int there = ::open(from, O_RDONLY | O_CLOEXEC);
    if (there < 0 || ::setns(there, CLONE_NEWNS) != 0)
      return false;
    ::close(there);
  }
  if (::unshare(CLONE_NEWNS) != 0
      || ::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0)
    return false;
  return kind == namespace_kind::file_server
         || ::mount(nullptr, "/", nullptr, MS_SHARED | MS_REC, nullptr) == 0;
}

} // namespace

shim_namespace::shim_namespace(namespace_kind kind) {
  begin(kind, nullptr);
}

shim_namespace::shim_namespace(namespace_kind kind, const shim_namespace& of) {
  begin(kind, of.path().c_str());
}

void shim_namespace::begin(namespace_kind kind, const char* from) {
  std::array<int, 2> ready{};
  if (::pipe2(ready.data(), O_CLOEXEC) != 0)
    fail("pipe");
  pid_ = ::fork();
  if (pid_ < 0)
    fail("fork");
  char byte = 'x';
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!become(kind, from) || ::write(ready[1], &byte, 1) != 1)
      ::_exit(1);
    for (;;)
      ::pause();
  }
  ::close(ready[1]);
  const auto got = ::read(ready[0], &byte, 1);
  ::close(ready[0]);
  if (got != 1)
    throw std::runtime_error("no mount namespace");
}

shim_namespace::~shim_namespace() {
  if (pid_ > 0)
    kill();
  reap();
}

std::string shim_namespace::operator/(std::string_view path) const {
  return seen_by(pid_, path);
}

std::vector<mounted_entry> shim_namespace::mounts() const {
  return mounts_of(pid_);
}

void shim_namespace::run(const std::function<void()>& what) const {
  const auto child = ::fork();
  if (child < 0)
    fail("fork");
  if (child == 0) {
    const int there = ::open(path().c_str(), O_RDONLY | O_CLOEXEC);
    if (there < 0 || ::setns(there, CLONE_NEWNS) != 0)
      ::_exit(2);
    try {
      what();
    } catch (const std::exception& thrown) {
      std::fprintf(stderr, "%s\n", thrown.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  int ended = 0;
  ::waitpid(child, &ended, 0);
  if (ended != 0)
    throw std::runtime_error("in " + path() + ": failed");
}

void shim_namespace::mount_tmpfs(const std::string& path,
                                 const std::string& name,
                                 const std::string& text) const {
  run([&] {
    std::filesystem::create_directories(path);
    if (::mount("shim", path.c_str(), "tmpfs", 0, nullptr) != 0)
      fail("mount " + path);
    std::ofstream{path + "/" + name} << text;
  });
}

void shim_namespace::kill() {
  ::kill(pid_, SIGKILL);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT);
}

void shim_namespace::reap() {
  if (pid_ > 0)
    ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

unmount_watch::unmount_watch(const std::string& path)
  : events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!events_
      || ::inotify_add_watch(events_.get(), path.c_str(), IN_ATTRIB) < 0)
    fail("watch " + path);
}

bool unmount_watch::is_gone() {
  constexpr int long_enough_ms = 10000;
  pollfd ready{events_.get(), POLLIN, 0};
  alignas(inotify_event) std::array<char, 4096> buffer{};
  while (::poll(&ready, 1, long_enough_ms) > 0) {
    const auto got = ::read(events_.get(), buffer.data(), buffer.size());
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      if ((event.mask & IN_UNMOUNT) != 0)
        return true;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  return false;
}

} // namespace fsshare::test
