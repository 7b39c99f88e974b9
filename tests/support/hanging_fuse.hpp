// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fsshare::test {

/// One entry of a hanging_fuse.
struct fuse_node {
  enum class kind : std::uint8_t { directory, file, symlink };
  kind type = kind::directory;
  /// Contents of a file, target of a symlink.
  std::string text = {};
  /// What stat(2) tells as the size of a file, if that is not the truth.
  std::optional<std::uint64_t> told_size = {};
};

/// A FUSE filesystem, served by a thread of the test over /dev/fuse, that stops
/// answering when it is told to: as a server does that is gone, it takes every
/// request, so that who waits cannot be killed. The test itself must not touch
/// it while it hangs. Its end aborts what waits.
class hanging_fuse {
public:
  /// What is not answered.
  enum class silence : std::uint8_t { none, reads, all };

  /// Mounts it; throws what it cannot do, such as without root.
  /// @param tree Entries below the root, by path; directories too.
  explicit hanging_fuse(std::string mount_point,
                        const std::map<std::string, fuse_node>& tree = {});
  ~hanging_fuse();
  hanging_fuse(const hanging_fuse&) = delete;
  hanging_fuse& operator=(const hanging_fuse&) = delete;

  /// Sets what is not answered from now on; requests that wait and may be
  /// answered now are.
  void set_silence(silence what);

  /// Number of requests that wait for an answer.
  std::size_t waiting();

  /// Number of requests that came while it was silent, ever.
  std::size_t asked_in_silence();

  const std::string& path() const {
    return mount_point_;
  }

private:
  using request = std::vector<char>;

  struct entry {
    std::string path;
    fuse_node node;
  };

  void serve();
  void take(request one);
  void answer(const request& one);
  void reply(std::uint64_t unique, int failure, const std::string& data);
  std::string attributes_of(std::uint64_t id) const;
  std::string list(std::uint64_t id) const;
  std::uint64_t find(const std::string& path) const;

  std::string mount_point_;
  /// By node id; the root is 1.
  std::map<std::uint64_t, entry> entries_;
  unique_fd device_;
  std::mutex mutex_;
  silence silence_ = silence::none;
  std::deque<request> held_;
  std::size_t asked_ = 0;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

} // namespace fsshare::test
