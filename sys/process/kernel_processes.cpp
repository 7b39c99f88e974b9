// SPDX-License-Identifier: Apache-2.0
#include "sys/process/kernel_processes.hpp"

#include "core/pacing.hpp"
#include "sys/errno_error.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace fsshare {

namespace {

/// Large enough for all that is read here.
constexpr std::size_t most_bytes = 16384;

result<std::string> read_proc(const std::string& path) {
  const unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd)
    return errno_error(errno, "open", path);
  std::string text(most_bytes, '\0');
  const auto got = ::read(fd.get(), text.data(), text.size());
  if (got < 0 && errno == ESRCH)
    return error{errc::not_found, path + ": its process has ended"};
  if (got < 0)
    return errno_error(errno, "read", path);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

std::string proc_file(std::int32_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos)
      return out;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t\n"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  std::uint64_t value = 0;
  const auto* const end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  return value;
}

/// Returns whether a process lives in the PID namespace that /proc is of: then
/// it has one number (NSpid, proc(5)).
result<bool> is_of_this_namespace(const std::string& status_file) {
  const auto text = read_proc(status_file);
  if (!text)
    return text.err();
  static constexpr std::string_view title = "\nNSpid:";
  const auto at = text->find(title);
  if (at == std::string::npos)
    return error{errc::unimplemented, status_file + " has no NSpid"};
  const auto line = std::string_view{*text}.substr(at + title.size());
  return words_of(line.substr(0, line.find('\n'))).size() == 1;
}

/// @returns `errc::not_found` where no such process is to be seen.
result<process_stat> look_at_process(std::int32_t pid) {
  const auto path = proc_file(pid, "stat");
  const auto text = read_proc(path);
  if (!text)
    return text.err();
  if (const auto stat = parse_process_stat(*text))
    return *stat;
  return error{errc::data_loss, path + " is not as it should be"};
}

// Numbers of namespaces are used again, as those of processes are; the start of
// the first process tells one from those before it.
result<std::string> find_pid_namespace() {
  const auto is_own = is_of_this_namespace("/proc/self/status");
  if (!is_own)
    return is_own.err();
  if (!*is_own)
    return error{errc::failed_precondition,
                 "/proc is of another PID namespace than the node agent"};
  struct stat space {};
  if (::stat("/proc/self/ns/pid", &space) != 0)
    return errno_error(errno, "stat", "/proc/self/ns/pid");
  const auto first = look_at_process(1);
  if (!first)
    return first.err();
  return std::to_string(space.st_ino) + ":" + std::to_string(first->start_time);
}

error ended_error(std::int32_t pid) {
  return {errc::not_found,
          "process " + std::to_string(pid) + " has ended, or never was"};
}

/// Whether the process of a pidfd has ended (pidfd_open(2)).
bool has_ended(const unique_fd& pidfd) {
  pollfd asked{pidfd.get(), POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1;
}

result<unique_fd> open_pidfd(std::int32_t pid) {
  unique_fd fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!fd)
    return errno_error(errno, "pidfd_open", std::to_string(pid));
  return fd;
}

} // namespace

bool process_stat::has_ended() const {
  return (state == 'Z' || state == 'X' || state == 'x') && threads <= 1;
}

std::optional<process_stat> parse_process_stat(std::string_view text) {
  // Fields are counted from 1, and the second, the name, may hold anything.
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos)
    return std::nullopt;
  const auto words = words_of(text.substr(name_end + 1));
  constexpr std::size_t first_field = 3;
  constexpr std::size_t threads_field = 20;
  constexpr std::size_t start_field = 22;
  if (words.size() <= start_field - first_field || words[0].size() != 1)
    return std::nullopt;
  const auto threads = number_of(words[threads_field - first_field]);
  const auto start = number_of(words[start_field - first_field]);
  if (!threads || !start)
    return std::nullopt;
  return process_stat{words[0][0], *threads, *start};
}

kernel_processes::kernel_processes(io_loop& loop, waiting how)
  : loop_(loop), how_(how), pid_namespace_(find_pid_namespace()) {
}

result<std::string> kernel_processes::pid_namespace() const {
  return pid_namespace_;
}

result<process_identity> kernel_processes::identify(std::int32_t pid) const {
  if (!pid_namespace_)
    return pid_namespace_.err();
  if (pid <= 0)
    return ended_error(pid);
  const auto stat = look_at_process(pid);
  if (!stat)
    return stat.err().code == errc::not_found ? ended_error(pid) : stat.err();
  if (stat->has_ended())
    return ended_error(pid);
  return process_identity{pid, stat->start_time, *pid_namespace_};
}

result<process_identity>
kernel_processes::identify_for(const process_identity& caller,
                               std::int32_t pid) const {
  const auto is_near = is_of_this_namespace(proc_file(caller.pid, "status"));
  if (!is_near)
    return error{errc::failed_precondition, is_near.err().message};
  // Otherwise that was another process's.
  const auto now = identify(caller.pid);
  if (!now || *now != caller)
    return error{errc::failed_precondition, "the caller has ended"};
  if (!*is_near)
    return error{errc::failed_precondition,
                 "the caller has another PID namespace than the node agent"};
  return identify(pid);
}

result<process_identity>
kernel_processes::identify_peer(std::int32_t pid,
                                const unique_fd* pidfd) const {
  if (pid <= 0)
    return error{errc::failed_precondition,
                 "it runs in a PID namespace that the node agent does not see"};
  auto found = identify(pid);
  // What was read may be of a process that has the same number since then.
  if (found && pidfd != nullptr && has_ended(*pidfd))
    return ended_error(pid);
  return found;
}

void kernel_processes::watch(const process_identity& process, on_end ended) {
  loop_.post([me = shared_from_this(), process, ended = std::move(ended)] {
    me->begin(process, ended);
  });
}

void kernel_processes::unwatch(const process_identity& process) {
  loop_.post([me = shared_from_this(), process] {
    const auto known = me->watched_.find(process);
    if (known == me->watched_.end())
      return;
    if (known->second.waits)
      me->loop_.del(*known->second.waits);
    me->watched_.erase(known);
  });
}

// A process that may not be seen (hidepid, proc(5)) has not ended.
bool kernel_processes::is_gone(const process_identity& process) {
  const auto now = look_at_process(process.pid);
  if (now)
    return now->has_ended() || now->start_time != process.start_time;
  return now.err().code == errc::not_found && ::kill(process.pid, 0) != 0
         && errno == ESRCH;
}

void kernel_processes::begin(const process_identity& process, on_end ended) {
  const auto [known, is_new]
    = watched_.try_emplace(process, watched{std::move(ended), std::nullopt});
  if (!is_new)
    return;
  auto pidfd = how_ == waiting::by_descriptor
                 ? open_pidfd(process.pid)
                 : result<unique_fd>{error{errc::unimplemented, {}}};
  // The descriptor is of whoever has the number now.
  if (is_gone(process) || (pidfd && has_ended(*pidfd))) {
    end(process);
    return;
  }
  if (!pidfd) {
    look_later();
    return;
  }
  const auto held = std::make_shared<unique_fd>(*std::move(pidfd));
  known->second.waits = loop_.add(
    held->get(), readable, [held, me = weak_from_this(), process](readiness) {
      if (const auto alive = me.lock())
        alive->end(process);
    });
}

void kernel_processes::end(const process_identity& process) {
  const auto known = watched_.find(process);
  if (known == watched_.end())
    return;
  // What it was called with may end with the callback.
  const auto [who, gone] = *known;
  watched_.erase(known);
  if (gone.waits)
    loop_.del(*gone.waits);
  gone.ended(who);
}

void kernel_processes::look_later() {
  if (std::exchange(looks_, true))
    return;
  loop_.after(pacing::process_look, [me = weak_from_this()] {
    if (const auto alive = me.lock())
      alive->look();
  });
}

void kernel_processes::look() {
  looks_ = false;
  std::vector<process_identity> gone;
  bool some_are_left = false;
  for (const auto& [process, how] : watched_) {
    if (how.waits)
      continue;
    if (is_gone(process))
      gone.push_back(process);
    else
      some_are_left = true;
  }
  for (const auto& each : gone)
    end(each);
  if (some_are_left)
    look_later();
}

} // namespace fsshare
