// SPDX-License-Identifier: Apache-2.0
#include "main/node_agent.hpp"

#include "actors/api_server.hpp"
#include "actors/http_server.hpp"
#include "actors/journal.hpp"
#include "actors/metrics.hpp"
#include "actors/mounter.hpp"
#include "actors/nydus.hpp"
#include "actors/reader_pool.hpp"
#include "core/net/http_address.hpp"
#include "core/pacing.hpp"
#include "log/log.hpp"
#include "main/actor_settings.hpp"
#include "main/actor_wiring.hpp"
#include "main/adopt_sandboxes.hpp"
#include "main/build_info.hpp"
#include "main/control_socket.hpp"
#include "main/heartbeat.hpp"
#include "main/http_service.hpp"
#include "main/node_claims.hpp"
#include "sys/journal/state_files.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "sys/mount/mount_devices.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/net/descriptor_limit.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/net/socket_dialer.hpp"
#include "sys/process/end_signals.hpp"
#include "sys/process/heap_trim.hpp"
#include "sys/process/kernel_calls.hpp"
#include "sys/process/kernel_processes.hpp"
#include "sys/process/process_usage.hpp"
#include "sys/process/thread_room.hpp"
#include "sys/tree/inotify.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace fsshare {

namespace {

// Those that begin with the process: CAF's workers, clock and printer,
// the loop, the log's, MOUNTER, the readers, and one to spare.
constexpr unsigned thread_count
  = actor_settings::workers + 4 + 1 + reader_count + 1;

std::uint64_t random_number() {
  // The kernel's, so that names cannot be guessed.
  static thread_local std::random_device source;
  return (std::uint64_t{source()} << 32) | source();
}

/// Guests and volumes need the other descriptors.
client_ledger::limits client_limits(std::size_t descriptors) {
  client_ledger::limits out;
  out.connections = std::min(out.connections, descriptors / 4);
  out.connections_per_user
    = std::min(out.connections_per_user, out.connections * 3 / 4);
  return out;
}

void report_older_calls() {
  std::string names;
  for (const auto& name : available_calls().missing())
    names += (names.empty() ? "" : ",") + name;
  if (!names.empty())
    log::warning("older-system-calls", {{"calls", names}});
}

metrics_options what_runs() {
  const std::chrono::duration<double> now
    = std::chrono::system_clock::now().time_since_epoch();
  return {build_info::version, build_info::commit, own_usage, now.count()};
}

// Tells of changes of the mount table: of one at once, and of those that come
// within some time after it together. What is mounted here is a change, too. In
// the thread of the loop.
class mount_changes : public std::enable_shared_from_this<mount_changes> {
public:
  mount_changes(io_loop& loop, std::function<void()> tell_all)
    : loop_(loop), tell_all_(std::move(tell_all)) {
  }

  void note() {
    if (pause_ != pause::none) {
      pause_ = pause::with_changes;
      return;
    }
    pause_ = pause::without_changes;
    loop_.after(pacing::mounts_told, [self = shared_from_this()] {
      if (std::exchange(self->pause_, pause::none) == pause::with_changes)
        self->note();
    });
    tell_all_();
  }

private:
  enum class pause : std::uint8_t { none, without_changes, with_changes };

  io_loop& loop_;
  std::function<void()> tell_all_;
  pause pause_ = pause::none;
};

} // namespace

// Destroyed from the last member to the first: handles before the actor system,
// which waits for every actor, and that before the loop, whose thread the
// destructor has ended by then.
class node_agent::parts {
public:
  parts(node_config c, supervised_settings::death_handler died)
    : config(std::move(c)), settings(std::move(died)) {
  }
  ~parts();
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  status start(std::optional<unique_fd> lent);
  bool is_alive(std::chrono::nanoseconds limit);
  /// As node_agent has it.
  std::string http_state{"nowhere"};

private:
  status start_actors();
  void watch_inotify(std::shared_ptr<kernel_watch_api> watches);
  void watch_host_mounts();
  void serve_http();
  void wire(std::shared_ptr<const held_root> root,
            const std::shared_ptr<watch_api>& watches,
            const std::shared_ptr<mount_executor>& executor);

  void await_others_than_readers();

  node_config config;
  std::optional<node_claims> claims;
  actor_settings settings;
  // Before the actors: what they still hold of a connection asks for it.
  io_loop loop{[](const std::string& what) {
    log::error("io-callback-failed", {{"error", what}});
  }};
  caf::actor_system system{settings};
  std::shared_ptr<descriptor_gauge> gauge;
  std::shared_ptr<dialer> network;
  std::shared_ptr<kernel_processes> processes;
  std::string boot_id;
  wired_actors actors;
  api_server_actor api;
  std::optional<control_socket> control;
  http_server_actor http;
  std::optional<http_service> http_listening;
};

status node_agent::parts::start(std::optional<unique_fd> lent) {
  report_older_calls();
  auto claimed = node_claims::take(config);
  if (!claimed)
    return claimed.err();
  claims = *std::move(claimed);
  if (auto started = start_actors(); !started)
    return started;
  // Before what may take long, so that it is seen to live.
  serve_http();
  if (auto adopted = adopt_sandboxes_of_before(system, actors, config,
                                               pacing::longest_adoption);
      !adopted)
    return adopted;
  control.emplace(loop, gauge, api, api_farewell(), processes);
  if (auto listening = control->listen(config.api, std::move(lent)); !listening)
    return listening;
  tell(actors.metrics, now_serving{});
  return unit{};
}

status node_agent::parts::start_actors() {
  auto executor = make_kernel_mount(config.mounts.api, config.share.root);
  if (!executor)
    return executor.err();
  gauge = std::make_shared<descriptor_gauge>(
    loop, [this](descriptor_room room) {
      using state = api_descriptors::state;
      tell(api, api_descriptors{room == descriptor_room::enough ? state::enough
                                                                : state::few});
    });
  socket_dialer::options dialing;
  dialing.descriptors = gauge;
  network = std::make_shared<socket_dialer>(loop, dialing);
  const auto watches = std::make_shared<late_watch_api>(
    [this](std::shared_ptr<kernel_watch_api> opened) {
      watch_inotify(std::move(opened));
    });
  auto root = held_root::open(config.share.root);
  if (!root)
    return root.err();
  auto boot = read_boot_id();
  if (!boot)
    return boot.err();
  boot_id = *std::move(boot);
  wire(std::make_shared<const held_root>(*std::move(root)), watches,
       std::shared_ptr<mount_executor>{*std::move(executor)});
  watch_host_mounts();
  // No reason not to start: volumes are polled until there is one.
  if (const auto opened = watches->open(); !opened)
    log::warning("inotify-unavailable", {{"error", opened.err().message}});
  api_server_options serving;
  serving.allowed_uids = config.api.allowed_uids;
  serving.version = build_info::version;
  serving.build
    = std::string{"commit "} + build_info::commit + ", g++ " __VERSION__;
  serving.limits = client_limits(raise_descriptor_limit());
  api = system.spawn<api_server>(actors.node, serving, actors.owners,
                                 actors.events);
  tell(actors.metrics, add_source{"api-server", api});
  trim_heap_after_bursts(loop);
  return unit{};
}

void node_agent::parts::wire(std::shared_ptr<const held_root> root,
                             const std::shared_ptr<watch_api>& watches,
                             const std::shared_ptr<mount_executor>& executor) {
  actor_surroundings around;
  around.random = random_number;
  around.readers = std::make_shared<reader_threads>();
  around.watches = watches;
  around.share_root = std::move(root);
  around.device_of
    = [devices = std::make_shared<mount_devices>()](const std::string& path) {
        return devices->device_of(path);
      };
  around.make_mounter
    = [this, executor](actor_surroundings::mount_closer close) {
        return spawn_blocking<mounter>(system, executor, std::move(close));
      };
  around.make_journal = [this] {
    return journal_actor{system.spawn<journal>(
      state_files{state_directory(config)},
      journal_options{boot_id, config.share.root, work_keeping::share_kept})};
  };
  around.wall_clock = [] {
    return std::chrono::system_clock::now();
  };
  processes = std::make_shared<kernel_processes>(loop);
  around.processes = processes;
  around.make_metrics = [this] {
    return metrics_actor{system.spawn<metrics>(what_runs())};
  };
  around.network
    = [network = std::shared_ptr<dialer>{network}](const std::string&) {
        return network;
      };
  around.make_nydus = [this](const std::string& socket) {
    return try_spawn<nydus_actor>(
      "start a thread for nydusd at " + socket, [this, &socket] {
        return spawn_blocking<nydus>(system, nydusd_at(socket));
      });
  };
  actors = wire_actors(system, config, around);
}

void node_agent::parts::watch_inotify(
  std::shared_ptr<kernel_watch_api> watches) {
  const auto fd = watches->fd();
  loop.add(fd, readable,
           [watches = std::move(watches), to = actors.watcher](readiness) {
             auto events = watches->read_available();
             if (events && !events->empty())
               tell(to, inotify_bytes{*std::move(events)});
           });
}

// Without it shares keep what the host unmounts until they end, as without the
// option for it, and what is mounted over a volume is found by a sweep.
void node_agent::parts::watch_host_mounts() {
  auto table = open_mount_table();
  if (!table) {
    log::warning("mounts-unwatched", {{"error", table.err().message}});
    return;
  }
  const auto changes = std::make_shared<mount_changes>(
    loop, [to = actors.mounter, also = actors.watcher] {
      tell(to, host_mounts_changed{});
      tell(also, host_mounts_changed{});
    });
  const auto held = std::make_shared<unique_fd>(*std::move(table));
  loop.add(held->get(), urgent, [held, changes](readiness) {
    changes->note();
  });
}

void node_agent::parts::serve_http() {
  // The configuration was read by the same function.
  const auto address = parse_http_address(config.http.listen);
  if (!address)
    return;
  status_sources shown;
  if (config.http.status_page)
    shown = {actors.node, actors.registry, actors.owners, actors.events};
  http = system.spawn<http_server>(actors.metrics, shown);
  http_listening.emplace(loop, http, gauge, http_farewell());
  http_listening->begin(*address);
  http_state = http_listening->trouble().empty()
                 ? to_string(*address)
                 : "unavailable: " + http_listening->trouble();
}

bool node_agent::parts::is_alive(std::chrono::nanoseconds limit) {
  // Shared with what may come too late.
  const auto signs = std::make_shared<signs_of_life>(2);
  loop.post([signs] {
    signs->give();
  });
  system.spawn<heartbeat>(signs);
  return signs->wait(limit);
}

node_agent::parts::~parts() {
  if (control)
    control->close();
  // Callbacks hold handles; with the loop they let go of them.
  loop.stop();
  http_listening.reset();
  const auto end = [](const auto& actor) {
    if (actor)
      stop(actor);
  };
  end(http);
  end(actors.metrics);
  end(api);
  end(actors.owners);
  end(actors.node);
  end(actors.registry);
  end(actors.memory);
  end(actors.watcher);
  end(actors.mounter);
  end(actors.journal);
  end(actors.events);
  await_others_than_readers();
  end(actors.reader);
}

// Readers close the files that others let go of at their end.
void node_agent::parts::await_others_than_readers() {
  if (!actors.reader)
    return;
  while (system.registry().running() > 1)
    std::this_thread::sleep_for(pacing::last_actors);
  // Answered after what the others have sent.
  const caf::scoped_actor self{system};
  self->request(actors.reader, pacing::last_answers, describe_reads{})
    .receive([](const hung_reads&) {}, [](const caf::error&) {});
}

node_agent::node_agent(std::unique_ptr<parts> p) : parts_(std::move(p)) {
}

node_agent::~node_agent() = default;

const std::string& node_agent::http_state() const {
  return parts_->http_state;
}

bool node_agent::is_alive(std::chrono::nanoseconds limit) {
  return parts_->is_alive(limit);
}

result<std::unique_ptr<node_agent>>
node_agent::start(const node_config& config,
                  supervised_settings::death_handler died,
                  std::optional<unique_fd> lent) {
  if (auto room = check_thread_room(thread_count); !room)
    return room.err();
  try {
    // Threads that there was room for may be gone when they are made.
    std::optional<start_limit> limit{std::in_place, pacing::longest_start};
    auto p = std::make_unique<parts>(config, std::move(died));
    limit.reset();
    if (auto started = p->start(std::move(lent)); !started)
      return started.err();
    return std::unique_ptr<node_agent>{new node_agent{std::move(p)}};
  } catch (...) {
    return describe_exception(std::current_exception(), "start");
  }
}

} // namespace fsshare
