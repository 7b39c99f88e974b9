// SPDX-License-Identifier: Apache-2.0
#include "sys/process/service_manager.hpp"

#include "sys/process/environment.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace fsshare {

namespace {

// None for 0, and for what is more than a clock counts, such as "infinity".
std::optional<std::chrono::microseconds> to_patience(std::uint64_t micros) {
  using std::chrono::microseconds;
  constexpr auto most
    = std::chrono::duration_cast<microseconds>(std::chrono::nanoseconds::max());
  if (micros == 0 || micros > static_cast<std::uint64_t>(most.count()))
    return std::nullopt;
  return microseconds{micros};
}

std::string socket_name(std::string value) {
  if (value.size() >= sizeof(sockaddr_un::sun_path))
    return {};
  if (value.starts_with('@'))
    value.front() = '\0';
  else if (!value.starts_with('/'))
    return {};
  return value;
}

// A status is one line.
std::string one_line(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c == '\n')
      c = ' ';
  return out;
}

} // namespace

service_manager service_manager::from_environment() {
  service_manager out;
  out.address_ = socket_name(take_variable("NOTIFY_SOCKET"));
  const auto patience = number_in(take_variable("WATCHDOG_USEC"));
  const auto watched = take_variable("WATCHDOG_PID");
  if (out.address_.empty())
    return out;
  out.socket_.reset(
    ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // As sd_watchdog_enabled(3) has it.
  const bool is_ours
    = watched.empty()
      || number_in(watched) == static_cast<std::uint64_t>(::getpid());
  if (patience && is_ours)
    out.patience_ = to_patience(*patience);
  return out;
}

void service_manager::say_ready(std::string_view status) const {
  say("READY=1\nSTATUS=" + one_line(status));
}

// The time is for managers that count answers by it (Type=notify-reload).
void service_manager::say_reloading() const {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
    std::chrono::steady_clock::now().time_since_epoch());
  say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void service_manager::say_stopping(std::string_view status) const {
  say("STOPPING=1\nSTATUS=" + one_line(status));
}

void service_manager::say_alive() const {
  say("WATCHDOG=1");
}

void service_manager::say(const std::string& words) const {
  if (address_.empty())
    return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  // A path ends with a NUL, an abstract name with its length.
  const auto length = offsetof(sockaddr_un, sun_path) + address_.size()
                      + (address_.front() == '\0' ? 0 : 1);
  [[maybe_unused]] const auto sent = ::sendto(
    socket_.get(), words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
    reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(length));
}

} // namespace fsshare
