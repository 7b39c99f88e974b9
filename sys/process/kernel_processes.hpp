// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/share/process_watch.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fsshare {

/// What /proc/PID/stat says of a process (proc(5)).
struct process_stat {
  char state = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_time = 0;

  /// Whether it has ended and is not waited for by its parent: its first thread
  /// alone may end before the others.
  bool has_ended() const;
};

/// Reads that; the name in it may be anything.
std::optional<process_stat> parse_process_stat(std::string_view text);

/// Processes of this node. One that is watched is waited for by a descriptor
/// (pidfd_open(2), Linux 5.3), and looked at every few seconds where there is
/// none.
class kernel_processes final
  : public process_watch,
    public std::enable_shared_from_this<kernel_processes> {
public:
  enum class waiting : std::uint8_t { by_descriptor, by_looks };

  /// @param loop Must outlive it.
  explicit kernel_processes(io_loop& loop,
                            waiting how = waiting::by_descriptor);

  result<std::string> pid_namespace() const override;
  result<process_identity> identify(std::int32_t pid) const override;
  result<process_identity> identify_for(const process_identity& caller,
                                        std::int32_t pid) const override;
  void watch(const process_identity& process, on_end ended) override;
  void unwatch(const process_identity& process) override;

  /// Returns who is at the other end of a connection.
  /// @param pid As the socket has it (SO_PEERCRED, unix(7)); 0 for one in a PID
  ///        namespace that is not seen from here.
  /// @param pidfd The same, so that no other process is taken for one that has
  ///        ended (SO_PEERPIDFD); null where the kernel gives none.
  result<process_identity> identify_peer(std::int32_t pid,
                                         const unique_fd* pidfd) const;

private:
  struct watched {
    on_end ended;
    /// Nothing where it is looked at.
    std::optional<io_loop::id> waits;
  };

  static bool is_gone(const process_identity& process);
  void begin(const process_identity& process, on_end ended);
  void end(const process_identity& process);
  void look();
  void look_later();

  io_loop& loop_;
  const waiting how_;
  const result<std::string> pid_namespace_;
  // Touched by the thread of the loop only.
  std::map<process_identity, watched> watched_;
  bool looks_ = false;
};

} // namespace fsshare
