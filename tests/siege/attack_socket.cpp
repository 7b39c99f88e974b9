// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/attack_socket.hpp"

#include "sys/net/socket_address.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace fsshare::siege {

void lower_priority() {
  constexpr int low = 10;
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  ::setpriority(PRIO_PROCESS, thread, low);
}

void pause_for(std::chrono::milliseconds time,
               const std::atomic<bool>& is_ending) {
  constexpr std::chrono::milliseconds step{50};
  const auto end = std::chrono::steady_clock::now() + time;
  while (!is_ending && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::min(time, step));
}

void limit_waits(int socket) {
  const timeval limit{0, 200'000};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

unique_fd connect_for_attack(const std::string& socket) {
  guest_address address;
  address.path = socket;
  const auto where = to_socket_address(address);
  unique_fd out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!where || !out)
    return {};
  limit_waits(out.get());
  if (::connect(out.get(), where->get(), where->size) < 0)
    return {};
  return out;
}

bool send_all(int socket, byte_view data, const std::atomic<bool>& is_ending,
              std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!data.empty() && !is_ending
         && std::chrono::steady_clock::now() < end) {
    const auto count = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      return false;
    data = data.subspan(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  return data.empty();
}

} // namespace fsshare::siege
