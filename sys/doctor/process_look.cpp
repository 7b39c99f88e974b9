// SPDX-License-Identifier: Apache-2.0
#include "sys/doctor/process_look.hpp"

#include "sys/errno_error.hpp"
#include "sys/net/socket_address.hpp"
#include "sys/process/proc_numbers.hpp"
#include "sys/process/reader_threads.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <linux/capability.h>
#include <optional>
#include <sstream>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

// The examination has the same numbers, without kernel headers.
static_assert(CAP_DAC_OVERRIDE == 1 && CAP_SYS_ADMIN == 21);

// PROC_PID_INIT_INO of include/linux/proc_ns.h: the first PID namespace.
constexpr ino_t first_pid_namespace = 0xEFFFFFFC;

std::string dir_of(int pid) {
  return "/proc/" + (pid == 0 ? std::string{"self"} : std::to_string(pid));
}

error unreadable(const std::string& path) {
  return errno_error(errno == 0 ? ESRCH : errno, "read", path);
}

/// Returns what follows a word at the begin of a line.
result<std::string> line_after(const std::string& path, std::string_view word) {
  errno = 0;
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(word))
      return line.substr(word.size());
  return unreadable(path);
}

std::optional<std::uint32_t> effective_user(int pid) {
  const auto line = line_after(dir_of(pid) + "/status", "Uid:");
  if (!line)
    return std::nullopt;
  std::uint32_t real = 0;
  std::uint32_t effective = 0;
  std::istringstream{*line} >> real >> effective;
  return effective;
}

result<std::uint64_t> capabilities_of(int pid) {
  const auto path = dir_of(pid) + "/status";
  const auto line = line_after(path, "CapEff:");
  if (!line)
    return line.err();
  std::uint64_t bits = 0;
  std::istringstream words{*line};
  if (!(words >> std::hex >> bits))
    return error{errc::data_loss, "read " + path + ": CapEff is no number"};
  return bits;
}

used_part descriptors_of(int pid) {
  used_part out;
  const auto path = dir_of(pid) + "/limits";
  const auto line = line_after(path, "Max open files");
  if (line) {
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
    std::istringstream{*line} >> soft >> hard;
    out.limit = hard;
  } else {
    out.limit = line.err();
  }
  const auto open = numbers_in(dir_of(pid) + "/fd").size();
  // There is none without any: that could not be listed.
  if (open > 0)
    out.used = std::uint64_t{open};
  else
    out.used
      = error{errc::permission_denied, dir_of(pid) + "/fd cannot be listed"};
  return out;
}

std::optional<bool> is_in_our_namespace(int pid) {
  struct stat own {};
  struct stat other {};
  if (::stat("/proc/self/ns/mnt", &own) != 0
      || ::stat((dir_of(pid) + "/ns/mnt").c_str(), &other) != 0)
    return std::nullopt;
  return own.st_ino == other.st_ino && own.st_dev == other.st_dev;
}

bool is_inotify(const std::string& link) {
  std::array<char, 64> target{};
  const auto length = ::readlink(link.c_str(), target.data(), target.size());
  return length > 0
         && std::string_view(target.data(), static_cast<std::size_t>(length))
              == "anon_inode:inotify";
}

std::uint64_t watches_of(const std::string& fdinfo) {
  std::uint64_t watches = 0;
  std::ifstream file{fdinfo};
  for (std::string line; std::getline(file, line);)
    watches += line.starts_with("inotify wd:") ? 1 : 0;
  return watches;
}

std::string name_of(int pid) {
  std::string name;
  std::ifstream{dir_of(pid) + "/comm"} >> name;
  return name;
}

// Readers share the descriptors of the process that made them.
bool is_reader(int pid) {
  return name_of(pid) == reader_process_name;
}

} // namespace

int listener_of(const std::string& socket) {
  guest_address address;
  address.path = socket;
  const auto target = to_socket_address(address);
  if (!target)
    return 0;
  const auto probe = open_socket(*target);
  if (!probe || begin_connect(probe->get(), *target) != 0)
    return 0;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(probe->get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return 0;
  return name_of(peer.pid) == "fsshared" ? peer.pid : 0;
}

process_facts look_at_process(int node_agent) {
  process_facts out;
  out.node_agent = node_agent;
  out.uid = effective_user(node_agent).value_or(::geteuid());
  out.capabilities = capabilities_of(node_agent);
  out.descriptors = descriptors_of(node_agent);
  if (node_agent != 0)
    out.is_in_our_namespace = is_in_our_namespace(node_agent);
  return out;
}

inotify_use count_inotify(std::uint32_t uid) {
  struct stat space {};
  if (::stat("/proc/self/ns/pid", &space) != 0
      || space.st_ino != first_pid_namespace) {
    const error hidden{errc::failed_precondition,
                       "processes outside of this process namespace are not "
                       "seen"};
    return {hidden, hidden};
  }
  std::uint64_t instances = 0;
  std::uint64_t watches = 0;
  for (const auto pid : numbers_in("/proc")) {
    if (effective_user(pid) != uid || is_reader(pid))
      continue;
    const auto dir = dir_of(pid);
    if (::access((dir + "/fd").c_str(), R_OK | X_OK) != 0 && errno == EACCES) {
      const error denied{errc::permission_denied,
                         "list " + dir + "/fd: Permission denied"};
      return {denied, denied};
    }
    for (const auto fd : numbers_in(dir + "/fd")) {
      const auto number = "/" + std::to_string(fd);
      if (!is_inotify(std::string{dir}.append("/fd").append(number)))
        continue;
      ++instances;
      watches += watches_of(std::string{dir}.append("/fdinfo").append(number));
    }
  }
  return {instances, watches};
}

result<std::uint64_t> read_number(const std::string& path, std::size_t index) {
  errno = 0;
  std::ifstream file{path};
  std::uint64_t number = 0;
  for (std::size_t i = 0; i <= index; ++i)
    if (!(file >> number))
      return unreadable(path);
  return number;
}

} // namespace fsshare
