// SPDX-License-Identifier: Apache-2.0
#include "main/actor_wiring.hpp"

#include "actors/events.hpp"
#include "actors/guest_proxy.hpp"
#include "actors/inotify_reader.hpp"
#include "actors/memory_budget.hpp"
#include "actors/node.hpp"
#include "actors/owners.hpp"
#include "actors/registry.hpp"
#include "actors/sandbox.hpp"
#include "core/share/guest_facts.hpp"
#include "messages/state_actor.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace fsshare {

namespace {

read_queue::settings reading_settings(const node_config& config) {
  read_queue::settings s;
  s.readers = reader_count;
  s.timeout = config.sources.timeout;
  return s;
}

destination_table::settings table_settings(const node_config& config,
                                           std::uint64_t seed) {
  destination_table::settings s;
  s.copies.grace = config.volumes.grace;
  s.copies.keep_generations = config.volumes.keep_generations;
  s.volumes.poll_interval = config.volumes.poll_interval;
  s.sweep_interval = config.volumes.sweep_interval;
  s.leave_timeout = config.guest.request_timeout;
  s.seed = static_cast<std::uint32_t>(seed);
  return s;
}

reader_pool_options reader_options(const node_config& config,
                                   const actor_surroundings& around) {
  reader_pool_options o;
  o.kubelet_roots_only = config.volumes.match == volume_match::kubelet_root;
  o.kubelet_roots = config.volumes.kubelet_roots;
  o.categories = config.copy.categories;
  o.csi = config.volumes.csi ? csi_volumes::follow : csi_volumes::leave;
  o.mounts
    = config.copy.cross_mounts ? mount_crossing::cross : mount_crossing::skip;
  const auto& limits = config.copy.limits;
  o.limits.entries = limits.entries;
  o.limits.bytes_per_file = limits.file_bytes;
  o.limits.total_bytes = limits.sandbox_bytes != 0
                           ? limits.sandbox_bytes
                           : std::numeric_limits<std::uint64_t>::max();
  o.limits.names_bytes = limits.names_bytes;
  o.volume_limits.names_bytes = limits.names_bytes;
  o.volume_limits.entries = limits.entries;
  o.volume_limits.bytes_per_file
    = std::min(limits.file_bytes, limits.volume_bytes);
  o.volume_limits.total_bytes = limits.volume_bytes;
  o.share_root = around.share_root;
  o.watches = around.watches;
  o.device_of = around.device_of;
  o.between = around.between_reads;
  return o;
}

guest_proxy_options proxy_options(const node_config& config,
                                  const proxy_terms& terms,
                                  const metrics_actor& metrics,
                                  const event_sink& told, std::uint64_t seed) {
  guest_proxy_options o;
  o.sandbox_id = terms.sandbox_id;
  o.address = terms.address;
  o.share_dir = terms.share_dir;
  o.before = terms.before;
  o.heir = metrics;
  o.events = told;
  o.dial_timeout = config.guest.dial_timeout;
  o.request_timeout = config.guest.request_timeout;
  o.quiet_time = terms.address.is_remote ? config.guest.remote_quiet_time
                                         : config.guest.quiet_time;
  o.end_timeout = config.guest.end_timeout;
  o.no_implicit_parents_from
    = parse_agent_release(config.guest.no_implicit_parents_from);
  o.leftover_interval = config.volumes.sweep_interval;
  o.window_requests = config.copy.window_requests;
  o.window_bytes = config.copy.window_bytes;
  o.memory_bytes
    = copy_budget(terms.memory_bytes, config.copy.limits.sandbox_bytes);
  if (terms.memory_bytes != 0)
    o.memory_reason = "a quarter of the guest's memory";
  o.seed = static_cast<std::uint32_t>(seed);
  return o;
}

sandbox_options options_of(const node_config& config, const std::string& id,
                           const std::optional<sandbox_remains>& remains) {
  sandbox_options o;
  o.sandbox_id = id;
  o.share_root = config.share.root;
  o.guest_share_dir = config.guest.share_dir;
  o.recursive = config.mounts.recursive ? submounts::take : submounts::leave;
  o.categories = config.copy.categories;
  o.guest_copies = config.volumes.guest_copies;
  o.remains = remains;
  o.mark_dir = copy_mark_dir(config);
  o.end_timeout = config.guest.end_timeout;
  return o;
}

/// Has METRICS ask every actor. MOUNTER and JOURNAL, which others spawn, are
/// measured as all are.
void measure_all(const wired_actors& actors) {
  const auto add = [&](const char* name, const auto& actor) {
    if (actor)
      tell(actors.metrics,
           add_source{name, caf::actor_cast<metrics_source>(actor)});
  };
  add("node", actors.node);
  add("owners", actors.owners);
  add("registry", actors.registry);
  add("mounter", actors.mounter);
  add("journal", actors.journal);
  add("inotify-reader", actors.watcher);
  add("reader-pool", actors.reader);
  add("memory-budget", actors.memory);
  add("events", actors.events);
}

/// Spawns actors and tells of them.
class spawner {
public:
  spawner(caf::actor_system& system,
          std::function<void(const caf::strong_actor_ptr&)> spawned)
    : system_(&system), spawned_(std::move(spawned)) {
  }

  template <class Actor, class... Ts>
  auto spawn(Ts&&... xs) const {
    auto made = system_->spawn<Actor>(std::forward<Ts>(xs)...);
    if (spawned_)
      spawned_(caf::actor_cast<caf::strong_actor_ptr>(made));
    return made;
  }

private:
  caf::actor_system* system_;
  std::function<void(const caf::strong_actor_ptr&)> spawned_;
};

} // namespace

wired_actors wire_actors(caf::actor_system& system, const node_config& config,
                         const actor_surroundings& around) {
  const spawner actors{system, around.spawned};
  wired_actors out;
  const reader_pool_internal_actor pool = actors.spawn<reader_pool>(
    reader_options(config, around), around.readers, reading_settings(config));
  out.reader = pool;
  out.watcher = actors.spawn<inotify_reader>(around.watches, out.reader);
  out.mounter
    = around.make_mounter([pool](std::vector<opened_source_ptr> gone) {
        tell(pool, close_mounts{std::move(gone)});
      });
  if (around.make_journal)
    out.journal = around.make_journal();
  out.memory = actors.spawn<memory_budget>(config.copy.node_bytes);
  events_options keeping;
  keeping.wall_clock = around.wall_clock;
  keeping.process = around.random();
  out.events = actors.spawn<event_keeper>(keeping);
  out.registry = actors.spawn<state_actor<registry_state>>(
    table_settings(config, around.random()), out.watcher, out.reader,
    out.memory, out.journal, out.events);
  tell(out.watcher, report_volumes_to{out.registry});
  if (around.make_metrics)
    out.metrics = around.make_metrics();
  const auto make_proxy
    = [actors, config, random = around.random, network = around.network,
       reader = out.reader, memory = out.memory, registry = out.registry,
       metrics = out.metrics, journal = out.journal,
       told = out.events](const proxy_terms& terms) {
        const auto made = actors.spawn<state_actor<guest_proxy_state>>(
          proxy_options(config, terms, metrics, told, random()),
          network(terms.sandbox_id), reader, memory, registry, journal);
        if (metrics)
          tell(metrics,
               add_guest{terms.sandbox_id, made,
                         terms.labels ? pod_of(*terms.labels) : pod_name{}});
        return guest_proxy_actor{made};
      };
  const sandbox_neighbours neighbours{
    out.mounter,   out.registry,      out.reader,  make_proxy,
    around.random, around.make_nydus, out.journal, out.events};
  out.node = actors.spawn<state_actor<node_state>>(
    [actors, config, neighbours](
      const std::string& id, const std::optional<sandbox_remains>& remains) {
      return actors.spawn<state_actor<sandbox_state>>(
        options_of(config, id, remains), neighbours);
    },
    out.registry,
    mark_places{out.mounter, config.share.root, copy_mark_dir(config),
                out.journal},
    out.events);
  if (around.processes) {
    owner_table::settings owning;
    owning.grace = config.sandboxes.orphan_grace;
    owning.seed = static_cast<std::uint32_t>(around.random());
    out.owners = actors.spawn<state_actor<owners_state>>(
      owning, around.processes, out.node, out.journal, out.events);
  }
  if (out.metrics)
    measure_all(out);
  return out;
}

} // namespace fsshare
