// SPDX-License-Identifier: Apache-2.0
#include "sys/doctor/host_look.hpp"

#include "core/paths.hpp"
#include "sys/doctor/process_look.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount/root_entries.hpp"
#include "sys/mount/share_visibility.hpp"
#include "sys/mountinfo.hpp"
#include "sys/process/bounded_calls.hpp"
#include "sys/process/instance_lock.hpp"
#include "sys/process/kernel_calls.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

// The same on every architecture (include/uapi/asm-generic/unistd.h); headers
// before Linux 6.8 lack it.
constexpr long statmount_number = 457;

system_call_facts look_at_calls() {
  system_call_facts out;
  if (const auto can = check_needed_calls(); !can)
    out.refused = can.err().message;
  out.older = available_calls().missing();
  // What exists finds its arguments bad.
  out.has_statmount = ::syscall(statmount_number, nullptr, nullptr, 0, 0) != 0
                      && (errno == EFAULT || errno == EINVAL);
  return out;
}

result<std::uint64_t> count_mounts(const std::string& table) {
  std::uint64_t count = 0;
  const auto read = scan_mounts(table, [&count](const mounted_entry&) {
    ++count;
  });
  if (!read)
    return read.err();
  return count;
}

void look_at_limits(host_facts& out) {
  const std::string inotify = "/proc/sys/fs/inotify/";
  auto used = count_inotify(out.process.uid);
  out.inotify_instances
    = {read_number(inotify + "max_user_instances"), std::move(used.instances)};
  out.inotify_watches
    = {read_number(inotify + "max_user_watches"), std::move(used.watches)};
  const auto pid = out.process.node_agent;
  out.mounts
    = {read_number("/proc/sys/fs/mount-max"),
       count_mounts(pid == 0 ? own_mount_table
                             : "/proc/" + std::to_string(pid) + "/mountinfo")};
  // Allocated, unused, limit (proc(5)).
  out.files = {read_number("/proc/sys/fs/file-nr", 2),
               read_number("/proc/sys/fs/file-nr")};
}

share_root_facts look_into_share_root(const doctor_subject& subject) {
  share_root_facts out;
  const auto& root = subject.share_root;
  const unique_fd dir{::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!dir) {
    out.exists = errno_error(errno, "open", root);
    return out;
  }
  if (subject.must_be_visible) {
    const auto visible = check_share_visible(root);
    if (!visible)
      out.visible = visible.err();
    else
      out.is_unproven = *visible == share_visibility::likely;
  }
  out.entries = list_root_entries(dir.get(), root);
  return out;
}

socket_facts look_at_socket(const std::string& path) {
  socket_facts out;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    out.exists = errno_error(errno, "stat", path);
    return out;
  }
  out.is_socket = S_ISSOCK(info.st_mode);
  out.mode = info.st_mode;
  out.owner = info.st_uid;
  const std::string dir{parent_path(path)};
  if (::stat(dir.c_str(), &info) != 0) {
    out.exists = errno_error(errno, "stat", dir);
    return out;
  }
  out.dir_mode = info.st_mode;
  out.dir_owner = info.st_uid;
  return out;
}

struct close_directory {
  void operator()(DIR* dir) const noexcept {
    ::closedir(dir);
  }
};

// One entry shows that it answers; there may be many.
status list_a_bit(const std::string& path) {
  const std::unique_ptr<DIR, close_directory> dir{::opendir(path.c_str())};
  if (!dir)
    return errno_error(errno, "open", path);
  errno = 0;
  // Each stream has one reader. NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (::readdir(dir.get()) == nullptr && errno != 0)
    return errno_error(errno, "list", path);
  return unit{};
}

// Whoever has the share root: the socket may be another's, who lends it.
int find_node_agent(const doctor_subject& subject, bounded_calls& calls) {
  const auto& root = subject.share_root;
  const auto holder
    = calls.run<int>(root, "look who has " + root, [root]() -> result<int> {
        return instance_lock::holder_of_directory(root);
      });
  return holder && *holder != 0 ? *holder : listener_of(subject.socket);
}

} // namespace

host_facts look_at_host(const doctor_subject& subject) {
  host_facts out;
  out.calls = look_at_calls();
  bounded_calls calls;
  out.process = look_at_process(find_node_agent(subject, calls));
  look_at_limits(out);
  // Each call owns what it uses: it may end later.
  auto root = calls.run<share_root_facts>(
    subject.share_root, "look at share root " + subject.share_root,
    [subject]() -> result<share_root_facts> {
      return look_into_share_root(subject);
    });
  if (root)
    out.share_root = *std::move(root);
  else
    out.share_root.exists = root.err();
  out.share_root.copy_marks = calls.run<std::vector<std::string>>(
    subject.copy_mark_dir, "list " + subject.copy_mark_dir,
    [dir = subject.copy_mark_dir] {
      return list_copy_marks(dir);
    });
  auto socket = calls.run<socket_facts>(
    subject.socket, "look at " + subject.socket,
    [path = subject.socket]() -> result<socket_facts> {
      return look_at_socket(path);
    });
  if (socket)
    out.socket = *std::move(socket);
  else
    out.socket.exists = socket.err();
  for (const auto& path : subject.kubelet_roots)
    out.kubelet_roots.push_back(
      {path, calls.run<unit>(path, "list " + path, [path] {
         return list_a_bit(path);
       })});
  return out;
}

} // namespace fsshare
