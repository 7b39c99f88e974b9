// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "main/actor_wiring.hpp"

#include "config/node_config.hpp"
#include "guest/service.hpp"
#include "sys/net/io_loop.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace fsshare::bench {

/// Whether what is done is written down.
enum class journaling : std::uint8_t { off, on };

/// The actors of a node agent without a control socket, and a guest that has a
/// copy of a volume, all in this process. Throws what it cannot do.
class bench_node {
public:
  /// @param dir Made, and left to the caller.
  /// @param round_trip How long the guest waits before it does what it is asked
  ///        for.
  bench_node(std::string dir, journaling keeps, std::size_t keys,
             std::chrono::nanoseconds round_trip);
  ~bench_node();
  bench_node(const bench_node&) = delete;
  bench_node& operator=(const bench_node&) = delete;

  /// Rotates the volume as the kubelet does.
  /// @returns the time from the rename of `..data` on the host to the sight of
  ///          it in the guest.
  std::chrono::nanoseconds rotate();

private:
  void start_guest(std::chrono::nanoseconds round_trip);
  void start_actors(journaling keeps);
  void share_volume();
  std::string make_generation();
  std::string live_in_guest() const;

  std::string dir_;
  std::size_t keys_;
  std::string volume_;
  std::string copy_;
  std::string live_;
  std::uint64_t rotations_ = 0;
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
