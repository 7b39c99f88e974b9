// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_node.hpp"

#include "actors/journal.hpp"
#include "actors/mounter.hpp"
#include "bench/must.hpp"
#include "core/paths.hpp"
#include "sys/journal/state_files.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "sys/net/socket_dialer.hpp"
#include "sys/process/reader_threads.hpp"
#include "sys/tree/inotify.hpp"

#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace fsshare::bench {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

constexpr const char* sandbox = "bench";

/// Asks an actor and waits.
template <class Reply, class Handle, class Request>
Reply must_answer(caf::actor_system& system, const Handle& to,
                  Request request) {
  const caf::scoped_actor self{system};
  Reply out;
  self->request(to, caf::infinite, std::move(request))
    .receive(
      [&out](Reply& reply) {
        out = std::move(reply);
      },
      [](caf::error& err) {
        throw std::runtime_error{from_caf(err).message};
      });
  return out;
}

} // namespace

bench_node::bench_node(std::string dir, journaling keeps, std::size_t keys,
                       std::chrono::nanoseconds round_trip)
  : dir_(std::move(dir)), keys_(keys),
    volume_(dir_
            + "/pods/0f6a7c1e-1111-2222-3333-444455556666/volumes/"
              "kubernetes.io~configmap/settings") {
  for (const auto& made : {volume_, dir_ + "/guest", dir_ + "/share"})
    fs::create_directories(made);
  config_.share.root = dir_ + "/share";
  config_.api.socket = dir_ + "/socket";
  // Old generations go between two rotations.
  config_.volumes.grace = std::chrono::milliseconds{1};
  live_ = make_generation();
  fs::create_symlink(live_, volume_ + "/..data");
  for (std::size_t n = 0; n < keys_; ++n) {
    const auto key = "key" + std::to_string(n);
    fs::create_symlink("..data/" + key, join(volume_, key));
  }
  start_guest(round_trip);
  start_actors(keeps);
  share_volume();
}

bench_node::~bench_node() {
  guest_->stop();
  loop_.stop();
  const auto end = [](const auto& actor) {
    if (actor)
      stop(actor);
  };
  end(actors_.node);
  end(actors_.registry);
  end(actors_.memory);
  end(actors_.watcher);
  end(actors_.mounter);
  end(actors_.journal);
  end(actors_.reader);
}

void bench_node::start_guest(std::chrono::nanoseconds round_trip) {
  guest::service_options serving;
  serving.listen.path = dir_ + "/guest.sock";
  serving.delay = round_trip;
  guest_
    = must(guest::service::open(guest_loop_,
                                guest::guest_api{must(guest::file_store::open(
                                  dir_ + "/guest", guest::profile::v4_0))},
                                serving));
}

void bench_node::start_actors(journaling keeps) {
  const auto watches = std::make_shared<late_watch_api>(
    [this](const std::shared_ptr<kernel_watch_api>& opened) {
      loop_.add(opened->fd(), readable, [this, opened](readiness) {
        auto events = opened->read_available();
        if (events && !events->empty())
          tell(actors_.watcher, inotify_bytes{*std::move(events)});
      });
    });
  actor_surroundings around;
  around.random = [source = std::mt19937_64{1}]() mutable {
    return source();
  };
  around.readers = std::make_shared<reader_threads>();
  around.watches = watches;
  around.make_mounter = [this](actor_surroundings::mount_closer close) {
    return spawn_blocking<mounter>(
      system_,
      std::shared_ptr<mount_executor>{
        must(make_kernel_mount(config_.mounts.api, config_.share.root))},
      std::move(close));
  };
  around.network
    = [network = std::make_shared<socket_dialer>(loop_)](const std::string&) {
        return network;
      };
  if (keeps == journaling::on)
    around.make_journal = [this] {
      const state_files files{state_directory(config_)};
      if (const auto made = files.make_dir(); !made)
        throw std::runtime_error{made.err().message};
      return journal_actor{system_.spawn<journal>(
        files, journal_options{"boot", config_.share.root})};
    };
  actors_ = wire_actors(system_, config_, around);
  if (const auto opened = watches->open(); !opened)
    throw std::runtime_error{opened.err().message};
}

void bench_node::share_volume() {
  prepare_request prepare;
  prepare.sandbox_id = sandbox;
  prepare.mode = sharing_mode::copy;
  prepare.guest_address = "unix://" + dir_ + "/guest.sock";
  must_answer<prepare_reply>(system_, actors_.node, prepare);
  share_file_request share;
  share.sandbox_id = sandbox;
  share.container_id = "c";
  share.mount = {volume_, "/etc/settings", "bind", {}, true};
  const auto shared
    = must_answer<share_file_reply>(system_, actors_.node, share);
  copy_ = join(dir_ + "/guest", base_name(shared.guest_path));
}

// With the calls of the kubelet's AtomicWriter (pkg/volume/util).
std::string bench_node::make_generation() {
  char name[48] = {};
  std::snprintf(name, sizeof name, "..2026_01_02_03_04_05.%09llu",
                static_cast<unsigned long long>(++rotations_));
  const auto at = join(volume_, name);
  fs::create_directory(at);
  fs::permissions(at, fs::perms{0755});
  for (std::size_t n = 0; n < keys_; ++n) {
    const auto file = at + "/key" + std::to_string(n);
    fs::create_directories(at);
    std::ofstream{file} << "value " << rotations_ << "\n";
    fs::permissions(file, fs::perms{0644});
  }
  return name;
}

std::string bench_node::live_in_guest() const {
  std::error_code missing;
  return fs::read_symlink(copy_ + "/..data", missing).string();
}

std::chrono::nanoseconds bench_node::rotate() {
  // Much less than a rotation takes, and more than it costs to look.
  constexpr std::chrono::microseconds look_every{20};
  const auto old = std::exchange(live_, make_generation());
  fs::create_symlink(live_, volume_ + "/..data_tmp");
  fs::rename(volume_ + "/..data_tmp", volume_ + "/..data");
  const auto begin = clock::now();
  while (!live_in_guest().starts_with(live_)) {
    if (clock::now() - begin > std::chrono::seconds{30})
      throw std::runtime_error{"a rotation does not arrive"};
    std::this_thread::sleep_for(look_every);
  }
  const auto lag = clock::now() - begin;
  fs::remove_all(join(volume_, old));
  return lag;
}

} // namespace fsshare::bench
