// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/share_visibility.hpp"

#include "sys/errno_error.hpp"
#include "sys/mount_identity.hpp"
#include "sys/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace fsshare {

namespace {

// PROC_PID_INIT_INO of include/linux/proc_ns.h: the inode of the first PID
// namespace. In any other, process 1 is not the host's.
constexpr std::uint64_t first_pid_namespace = 0xEFFFFFFC;

std::string why_hidden(const mounted_entry& mount) {
  if (mount.peer_group != 0)
    return "is shared, but not with the host";
  if (mount.master != 0)
    return "is a slave: it receives mounts and passes none on";
  return "is private to this mount namespace";
}

std::optional<struct stat> look_at_namespace(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return std::nullopt;
  return info;
}

bool is_host_pid_namespace() {
  const auto own = look_at_namespace("/proc/self/ns/pid");
  return own && own->st_ino == first_pid_namespace;
}

result<mounted_entry> entry_of(const std::string& path) {
  const unique_fd there{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (!there)
    return errno_error(errno, "open", path);
  const auto id = mount_of(there.get(), path);
  if (!id)
    return id.err();
  auto mounts = read_mountinfo();
  if (!mounts)
    return mounts.err();
  const auto at
    = std::find_if(mounts->begin(), mounts->end(), [&](const auto& entry) {
        return entry.id == *id;
      });
  if (at == mounts->end())
    return error{errc::internal,
                 path + ": its mount is not in the mount table"};
  return std::move(*at);
}

} // namespace

result<share_visibility> judge_visibility(const visibility_facts& facts) {
  if (facts.is_host_namespace)
    return share_visibility::proven;
  const auto group = facts.mount.peer_group;
  if (group != 0 && !facts.host_mounts)
    return share_visibility::likely;
  if (group != 0
      && std::any_of(facts.host_mounts->begin(), facts.host_mounts->end(),
                     [&](const auto& entry) {
                       return entry.peer_group == group;
                     }))
    return share_visibility::proven;
  const auto& root = facts.share_root;
  return error{
    errc::failed_precondition,
    "share.root " + root
      + ": the host would not see what is mounted there, because the mount "
        "that holds it, "
      + facts.mount.mount_point + ", " + why_hidden(facts.mount)
      + ". On the host run `mount --bind " + root + " " + root
      + " && mount --make-rshared " + root
      + "` and give this container that directory with mountPropagation: "
        "Bidirectional (podman, docker: -v "
      + root + ":" + root
      + ":rshared); if the hypervisor runs in this very mount namespace, set "
        "mounts.visibility to assumed"};
}

bool shares_namespace_with_init() {
  const auto own = look_at_namespace("/proc/thread-self/ns/mnt");
  const auto init = look_at_namespace("/proc/1/ns/mnt");
  return own && init && own->st_ino == init->st_ino
         && own->st_dev == init->st_dev;
}

result<share_visibility> check_share_visible(const std::string& share_root) {
  auto mount = entry_of(share_root);
  if (!mount)
    return mount.err();
  visibility_facts facts{share_root, *std::move(mount), false, std::nullopt};
  if (is_host_pid_namespace()) {
    facts.is_host_namespace = shares_namespace_with_init();
    if (auto host = read_mountinfo("/proc/1/mountinfo"))
      facts.host_mounts = *std::move(host);
  }
  return judge_visibility(facts);
}

} // namespace fsshare
