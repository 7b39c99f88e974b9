// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/directory_user.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/process/proc_numbers.hpp"
#include "sys/process/reader_threads.hpp"
#include "sys/tree/file_look.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

std::string target_of(const std::string& link) {
  std::string path(4096, '\0');
  const auto length = ::readlink(link.c_str(), path.data(), path.size());
  path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return path;
}

// Readers share our descriptors: what they have open is ours. They are told by
// their parent and their name, `123 (fsshared-read) S 122 ...` (proc(5)).
bool is_reader_of_ours(int pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string number;
  std::string name;
  std::string state;
  int parent = 0;
  file >> number >> name >> state >> parent;
  return file && parent == ::getpid()
         && name == std::string{"("} + reader_process_name + ")";
}

class user_search {
public:
  user_search(const struct stat& dir, std::string path)
    : device_(dir.st_dev), inode_(dir.st_ino), path_(std::move(path)) {
  }

  bool is_user(int pid) const {
    const auto process = "/proc/" + std::to_string(pid);
    for (const auto* name : {"/root", "/cwd"})
      if (is_dir(process + name) || is_within(target_of(process + name)))
        return true;
    for (const auto fd : numbers_in(process + "/fd"))
      if (is_within(target_of(process + "/fd/" + std::to_string(fd))))
        return true;
    return false;
  }

private:
  // Another mount namespace calls it by another path.
  bool is_dir(const std::string& link) const {
    const auto seen = look_without_asking(AT_FDCWD, link.c_str(), 0);
    return seen.failure == 0 && seen.device == device_ && seen.inode == inode_;
  }

  bool is_within(const std::string& path) const {
    return path == path_ || is_below(path, path_);
  }

  dev_t device_;
  ino_t inode_;
  std::string path_;
};

} // namespace

result<std::optional<directory_user>> find_user_of(int fd,
                                                   const std::string& dir) {
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    return errno_error(errno, "stat", dir);
  const user_search search{info, dir};
  for (const auto pid : numbers_in("/proc")) {
    if (pid == ::getpid() || !search.is_user(pid) || is_reader_of_ours(pid))
      continue;
    directory_user user{pid, {}};
    std::ifstream{"/proc/" + std::to_string(pid) + "/comm"} >> user.name;
    return std::optional{user};
  }
  return std::optional<directory_user>{};
}

} // namespace fsshare
