// SPDX-License-Identifier: Apache-2.0
#include "tests/mounts/automounter.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/auto_fs.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

// Runs in the automounter's process, which walks over the automount point
// without waiting for itself.
[[noreturn]] void serve(int requests, const char* dir) {
  autofs_v5_packet packet{};
  while (::read(requests, &packet, sizeof packet)
         == static_cast<ssize_t>(sizeof packet)) {
    const int point = ::open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool mounted = ::mount("auto", dir, "tmpfs", 0, nullptr) == 0
                         && ::chdir(dir) == 0
                         && ::mknod("key", S_IFREG | 0644, 0) == 0;
    ::ioctl(point, mounted ? AUTOFS_IOC_READY : AUTOFS_IOC_FAIL,
            packet.wait_queue_token);
    ::close(point);
  }
  ::_exit(0);
}

} // namespace

automounter::automounter(const std::string& dir) {
  std::array<int, 2> requests{};
  if (::pipe2(requests.data(), O_CLOEXEC) != 0)
    throw std::runtime_error{"pipe2"};
  pid_ = ::fork();
  if (pid_ < 0)
    throw std::runtime_error{"fork"};
  if (pid_ == 0) {
    // It would hold the namespace, and the namespace the pipe that it reads.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    ::close(requests[1]);
    serve(requests[0], dir.c_str());
  }
  // Whoever comes first: the kernel tells its automounter by the group.
  ::setpgid(pid_, pid_);
  const auto options = "fd=" + std::to_string(requests[1]) + ",pgrp="
                       + std::to_string(pid_) + ",minproto=5,maxproto=5,direct";
  if (::mount("auto", dir.c_str(), "autofs", 0, options.c_str()) != 0)
    unavailable_ = std::string{"autofs: "} + ::strerrordesc_np(errno);
  ::close(requests[0]);
  ::close(requests[1]);
}

automounter::~automounter() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

} // namespace fsshare::test
