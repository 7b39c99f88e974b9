// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/node_in_process.hpp"

#include "actors/journal.hpp"
#include "actors/mounter.hpp"
#include "bench/must.hpp"
#include "bench/suite/volume_maker.hpp"
#include "core/paths.hpp"
#include "sys/journal/state_files.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "sys/net/socket_dialer.hpp"
#include "sys/process/reader_threads.hpp"
#include "sys/tree/inotify.hpp"
#include "tests/support/rotation_lag.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace fsshare::bench {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

constexpr const char* sandbox = "bench";

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

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

/// Makes a directory and those above it.
const std::string& made(const std::string& dir) {
  fs::create_directories(dir);
  return dir;
}

} // namespace

node_in_process::node_in_process(std::string dir, const process_options& with)
  : dir_(std::move(dir)), keys_(with.keys), volume_(join(dir_, volume_dir(0))),
    kubelet_(made(volume_), test::kubelet_order::from_1_27) {
  made(dir_ + "/guest");
  config_.share.root = made(dir_ + "/share");
  config_.api.socket = dir_ + "/socket";
  // Old generations go between two rotations.
  config_.volumes.grace = std::chrono::milliseconds{1};
  kubelet_.rotate(payload_of(static_cast<int>(keys_), rotations_));
  start_guest();
  start_actors(with.keeps);
  share_volume(with.destinations);
}

node_in_process::~node_in_process() {
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

void node_in_process::start_guest() {
  guest::service_options serving;
  serving.listen.path = dir_ + "/guest.sock";
  guest_
    = must(guest::service::open(guest_loop_,
                                guest::guest_api{must(guest::file_store::open(
                                  dir_ + "/guest", guest::profile::v4_0))},
                                serving));
}

void node_in_process::start_actors(journaling keeps) {
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
        files,
        journal_options{"boot", config_.share.root, work_keeping::share_kept})};
    };
  actors_ = wire_actors(system_, config_, around);
  if (const auto opened = watches->open(); !opened)
    throw std::runtime_error{opened.err().message};
}

void node_in_process::share_volume(int destinations) {
  prepare_request prepare;
  prepare.sandbox_id = sandbox;
  prepare.mode = sharing_mode::copy;
  prepare.guest_address = "unix://" + dir_ + "/guest.sock";
  must_answer<prepare_reply>(system_, actors_.node, prepare);
  for (int n = 0; n < destinations; ++n) {
    share_file_request share;
    share.sandbox_id = sandbox;
    share.container_id = "c" + std::to_string(n);
    share.mount = {volume_, "/etc/settings", "bind", {}, true};
    const auto shared
      = must_answer<share_file_reply>(system_, actors_.node, share);
    copies_.push_back(join(dir_ + "/guest", base_name(shared.guest_path)));
  }
}

bool node_in_process::all_show(const std::string& generation) const {
  return std::all_of(copies_.begin(), copies_.end(), [&](const auto& copy) {
    std::error_code missing;
    const auto shown = fs::read_symlink(copy + "/..data", missing);
    return test::names_generation(shown.string(), generation);
  });
}

double node_in_process::rotate() {
  // Much less than a rotation takes, and more than it costs to look.
  constexpr std::chrono::microseconds look_every{20};
  kubelet_.begin(payload_of(static_cast<int>(keys_), ++rotations_));
  kubelet_.run_until(test::rotation_step::flip);
  const auto begin = clock::now();
  kubelet_.step();
  while (!all_show(kubelet_.written())) {
    if (clock::now() - begin > std::chrono::seconds{30})
      throw std::runtime_error{"a rotation does not arrive"};
    std::this_thread::sleep_for(look_every);
  }
  const auto lag = seconds_since(begin);
  kubelet_.finish();
  return lag;
}

double node_in_process::share_binds(const std::vector<std::string>& files) {
  constexpr std::size_t most_at_once = 256;
  constexpr const char* binds = "binds";
  prepare_request prepare;
  prepare.sandbox_id = binds;
  prepare.mode = sharing_mode::shared_filesystem;
  must_answer<prepare_reply>(system_, actors_.node, prepare);
  const auto begin = clock::now();
  for (std::size_t from = 0; from < files.size(); from += most_at_once) {
    share_files_request share{binds, "c", {}, true};
    for (auto n = from; n < std::min(from + most_at_once, files.size()); ++n)
      share.mounts.push_back(
        {files[n], "/shared/" + std::to_string(n), "bind", {}, true});
    must_answer<share_files_reply>(system_, actors_.node, share);
  }
  const auto out = seconds_since(begin);
  cleanup_request cleanup;
  cleanup.sandbox_id = binds;
  must_answer<cleanup_reply>(system_, actors_.node, cleanup);
  return out;
}

} // namespace fsshare::bench
