// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/reader_files.hpp"
#include "actors/reader_pool.hpp"
#include "config/node_config.hpp"
#include "core/net/byte_stream.hpp"
#include "core/result.hpp"
#include "core/share/process_watch.hpp"
#include "messages/events.hpp"
#include "messages/inotify_reader.hpp"
#include "messages/journal.hpp"
#include "messages/memory_budget.hpp"
#include "messages/metrics.hpp"
#include "messages/mounter.hpp"
#include "messages/node.hpp"
#include "messages/nydus.hpp"
#include "messages/owners.hpp"
#include "messages/reader_pool.hpp"
#include "messages/registry.hpp"
#include "sys/mount/held_root.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fsshare {

/// What the actors of a node agent reach beyond each other: the kernel and the
/// network, or what stands in for them.
struct actor_surroundings {
  /// For names and the jitter of retries.
  std::function<std::uint64_t()> random;
  /// Does the reads.
  std::shared_ptr<read_runner> readers;
  std::shared_ptr<watch_api> watches;
  /// What copies take nothing of; null where nothing is mounted.
  std::shared_ptr<const held_root> share_root = nullptr;
  /// As reader_pool_options has it.
  std::function<std::string(const std::string& path)> device_of = nullptr;
  /// Called between any two file system operations of a reader.
  checkpoint between_reads = nullptr;
  /// Spawns MOUNTER.
  /// @param close gets mounts that it lets go of.
  using mount_closer = std::function<void(std::vector<opened_source_ptr>)>;
  std::function<mounter_actor(mount_closer close)> make_mounter;
  /// Returns what connects to the guest of a sandbox.
  std::function<std::shared_ptr<dialer>(const std::string& sandbox_id)> network;
  /// Called for each actor that is spawned, also later; null for nobody.
  std::function<void(const caf::strong_actor_ptr& actor)> spawned = nullptr;
  /// Spawns the NYDUS that talks to nydusd at `socket`; null where there is
  /// none.
  std::function<result<nydus_actor>(const std::string& socket)> make_nydus
    = nullptr;
  /// Tells who owns sandboxes; null where nobody does.
  std::shared_ptr<process_watch> processes = nullptr;
  /// Spawns METRICS; null where nobody asks it.
  std::function<metrics_actor()> make_metrics = nullptr;
  /// Spawns JOURNAL; null where nothing is to outlive the process.
  std::function<journal_actor()> make_journal = nullptr;
  /// What the clock on the wall says, for events; null for none.
  std::function<std::chrono::system_clock::time_point()> wall_clock = nullptr;
};

/// The actors of a node agent but API SERVER and those of a sandbox.
struct wired_actors {
  reader_pool_actor reader;
  inotify_reader_actor watcher;
  mounter_actor mounter;
  /// Null where nothing is written down.
  journal_actor journal;
  memory_budget_actor memory;
  events_actor events;
  registry_actor registry;
  node_actor node;
  /// Null where sandboxes have no owners.
  owners_actor owners;
  /// Null where there is none.
  metrics_actor metrics;
};

/// Readers of READER POOL, beside those that take long; see read_queue.
constexpr std::size_t reader_count = 4;

/// Spawns the actors of a node agent as its configuration says, and hands them
/// each other. The only place that does.
/// @param system outlives the actors.
wired_actors wire_actors(caf::actor_system& system, const node_config& config,
                         const actor_surroundings& around);

} // namespace fsshare
