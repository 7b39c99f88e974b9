// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "main/actor_wiring.hpp"

#include "config/node_config.hpp"
#include "guest/service.hpp"
#include "main/actor_settings.hpp"
#include "sys/net/io_loop.hpp"
#include "tests/support/rotator.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace fsshare::bench {

/// Whether what is done is written down.
enum class journaling : std::uint8_t { off, on };

/// What a node in this process is made of.
struct process_options {
  journaling keeps = journaling::on;
  std::size_t keys = 10;
  /// Containers that have a copy of the volume.
  int destinations = 1;
};

/// The actors of a node agent without a control socket, and a guest that has
/// copies of a volume, all in this process. Throws what it cannot do.
class node_in_process {
public:
  /// @param dir Made, and left to the caller.
  node_in_process(std::string dir, const process_options& with);
  ~node_in_process();
  node_in_process(const node_in_process&) = delete;
  node_in_process& operator=(const node_in_process&) = delete;

  /// Rotates the volume as the kubelet does.
  /// @returns the seconds from the rename of `..data` on the host to the sight
  ///          of it in the last copy.
  double rotate();

  /// Binds files into a sandbox with a shared filesystem, and ends it.
  /// @returns the seconds that ShareFiles has taken.
  double share_binds(const std::vector<std::string>& files);

private:
  void start_guest();
  void start_actors(journaling keeps);
  void share_volume(int destinations);
  bool all_show(const std::string& generation) const;

  std::string dir_;
  std::size_t keys_;
  std::string volume_;
  std::vector<std::string> copies_;
  test::rotator kubelet_;
  int rotations_ = 0;
  node_config config_;
  io_loop guest_loop_;
  std::unique_ptr<guest::service> guest_;
  // What is measured does not go on after a death.
  actor_settings settings_{[](const actor_death&) {
    std::abort();
  }};
  io_loop loop_;
  caf::actor_system system_{settings_};
  wired_actors actors_;
};

} // namespace fsshare::bench
