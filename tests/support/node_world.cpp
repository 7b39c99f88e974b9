// SPDX-License-Identifier: Apache-2.0
#include "tests/support/node_world.hpp"

#include "actors/journal.hpp"
#include "actors/mounter.hpp"
#include "sys/mount/kernel_mount.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sys/inotify.h>
#include <sys/ioctl.h>

namespace fsshare::test {

namespace {

template <class T>
T must(result<T> got) {
  if (!got)
    throw std::runtime_error{got.err().message};
  return *std::move(got);
}

// One inotify instance for all worlds of a process: closing one waits for the
// kernel, which takes longer than a whole scenario.
std::shared_ptr<kernel_watch_api> shared_watches() {
  static const std::shared_ptr<kernel_watch_api> watches
    = must(kernel_watch_api::open());
  return watches;
}

// Reading costs a buffer of 64 KiB, and mostly there is nothing.
bool has_events(const kernel_watch_api& watches) {
  int waiting = 0;
  if (::ioctl(watches.fd(), FIONREAD, &waiting) != 0)
    throw std::system_error(errno, std::generic_category(), "FIONREAD");
  return waiting > 0;
}

// Replaces the guest's name of a generation by the host's.
std::string renamed(std::string text, const std::string& from,
                    const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

} // namespace

node_world::node_world(chooser& c, node_config config, journaling keeps)
  : choose(c), config_(std::move(config)), keeps_(keeps),
    watches_(shared_watches()) {
  lose_events();
  dir.make_dir("sandboxes");
  nonce_ = std::uint64_t{1000} * choose.pick(1000);
  config_.share.root = dir / "sandboxes";
  config_.api.socket = dir / "socket";
  if (config_.guest.no_implicit_parents_from.empty())
    config_.guest.no_implicit_parents_from = no_implicit_parents_from;
  wire();
}

void node_world::wire() {
  actor_surroundings around;
  around.random = [this] {
    return ++nonce_;
  };
  around.readers = readers;
  around.watches = watches_;
  around.between_reads = [this] {
    if (between_reads)
      between_reads();
  };
  around.make_mounter = [this](actor_surroundings::mount_closer close) {
    auto made = actors.spawn<mounter>(
      std::shared_ptr<mount_executor>{
        must(make_kernel_mount(config_.mounts.api, config_.share.root))},
      std::move(close));
    agents_.push_back(caf::actor_cast<caf::weak_actor_ptr>(made));
    return made;
  };
  if (keeps_ == journaling::on)
    around.make_journal = [this] {
      const state_files files{dir.make_dir("state")};
      journal_actor made = actors.spawn<journal>(
        files, journal_options{"boot", config_.share.root});
      agents_.push_back(caf::actor_cast<caf::weak_actor_ptr>(made));
      return made;
    };
  around.network = [this](const std::string& id) {
    return guests_.at(id);
  };
  around.spawned = [this](const caf::strong_actor_ptr& actor) {
    actors.track(actor);
    agents_.push_back(caf::actor_cast<caf::weak_actor_ptr>(actor));
  };
  const auto wired = wire_actors(actors.system, config_, around);
  journal_ = wired.journal;
  watcher_ = wired.watcher;
  memory = wired.memory;
  events = wired.events;
  registry = wired.registry;
  node = wired.node;
}

void node_world::kill() {
  for (auto& entry : guests_) {
    entry.second->refuses = true;
    entry.second->drop();
  }
  node = nullptr;
  registry = nullptr;
  memory = nullptr;
  events = nullptr;
  journal_ = nullptr;
  watcher_ = nullptr;
  // What ends an actor is handled before whatever else waits for it.
  for (const auto& weak : std::exchange(agents_, {}))
    if (auto actor = caf::actor_cast<caf::strong_actor_ptr>(weak))
      actors.kill(actor);
  actors.run_killed();
  lose_events();
}

void node_world::let_one_die() {
  std::erase_if(agents_, [](const caf::weak_actor_ptr& weak) {
    return !caf::actor_cast<caf::strong_actor_ptr>(weak);
  });
  const auto which = caf::actor_cast<caf::strong_actor_ptr>(
    agents_[choose.pick(agents_.size())]);
  caf::anon_send_exit(which, caf::exit_reason::kill);
}

void node_world::start() {
  for (auto& entry : guests_)
    entry.second->refuses = false;
  wire();
  adopt();
}

// As main/adopt_sandboxes does; nothing of the host matters in copy mode.
void node_world::adopt() {
  const auto read = actors.ask<states_read>(journal_, read_states{});
  REQUIRE(read);
  adopt_sandboxes handed_over;
  for (const auto& sandbox : read->sandboxes)
    handed_over.sandboxes.push_back(
      {sandbox,
       fsshare::adopt(sandbox, layout_of(sandbox, config_.share.root), {})});
  REQUIRE(ask<sandboxes_adopted>(std::move(handed_over)));
}

rotator& node_world::add_volume(const std::string& name, kubelet_order order,
                                std::optional<gid_t> fs_group) {
  dir.make_dir(volume_path(name).substr(dir.path().size() + 1));
  auto made = std::make_unique<rotator>(volume_path(name), order, fs_group);
  return *volumes_.emplace(name, std::move(made)).first->second;
}

std::string node_world::volume_path(const std::string& name) const {
  return dir
         / ("pods/0f6a7c1e-1111-2222-3333-444455556666/volumes/"
            "kubernetes.io~configmap/"
            + name);
}

sim_guest& node_world::add_guest(const std::string& id, guest::profile which) {
  const auto home = dir.make_dir("guest-" + id);
  return *(guests_[id] = std::make_shared<sim_guest>(home, which));
}

sim_guest& node_world::add_sandbox(const std::string& id,
                                   guest::profile which) {
  auto& guest = add_guest(id, which);
  prepare_request request;
  request.sandbox_id = id;
  request.mode = sharing_mode::copy;
  request.guest_address = "unix:///nobody";
  const auto prepared = ask<prepare_reply>(request);
  REQUIRE_MESSAGE(prepared, (prepared ? "" : prepared.err().message));
  return guest;
}

share_file_request node_world::volume_request(const std::string& sandbox,
                                              const std::string& container,
                                              const std::string& volume) const {
  share_file_request request;
  request.sandbox_id = sandbox;
  request.container_id = container;
  request.mount.source = volume_path(volume);
  request.mount.destination = "/etc/" + volume;
  request.mount.type = "bind";
  return request;
}

share_file_reply node_world::share(const std::string& sandbox,
                                   const std::string& container,
                                   const std::string& volume) {
  const auto request = volume_request(sandbox, container, volume);
  auto pending = actors.request(node, request);
  std::optional<result<share_file_reply>> got;
  // Retries of the first copy may need time to pass.
  for (int n = 0; n < 100 && !got; ++n) {
    settle();
    got = actors.answer<share_file_reply>(pending);
    if (!got)
      actors.advance(std::chrono::milliseconds{100});
  }
  REQUIRE_MESSAGE(got, "no answer to ShareFile");
  REQUIRE_MESSAGE(*got, (*got ? "" : got->err().message));
  return **got;
}

void node_world::set_lateness(const std::string& sandbox,
                              std::chrono::milliseconds most) {
  guest(sandbox).lateness = [this, most] {
    const auto ms = choose.pick(static_cast<std::size_t>(most.count()) + 1);
    return actors.now() + std::chrono::milliseconds{ms};
  };
}

bool node_world::run_guest(sim_guest& guest) {
  std::vector<std::size_t> due;
  for (std::size_t n = 0; n < guest.waiting(); ++n)
    if (guest.is_due(n, actors.now()))
      due.push_back(n);
  if (due.empty())
    return false;
  const auto i = due[choose.pick(due.size())];
  const bool greeting = guest.waiting_copy(i) == nullptr;
  if (!greeting && drop_one_in != 0 && choose.one_in(drop_one_in)) {
    if (choose.one_in(2))
      guest.carry_out_and_drop(i);
    else
      guest.drop();
  } else if (!greeting && fail_one_in != 0 && choose.one_in(fail_one_in)) {
    guest.fail(i);
  } else {
    guest.carry_out(i);
  }
  return true;
}

bool node_world::step() {
  if (keeps_ == journaling::on && actors.has_deaths()) {
    deaths_.push_back(actors.take_deaths().front());
    kill();
    start();
    return true;
  }
  // Actors outnumber the rest; give each kind its chance.
  const auto first = choose.pick(4);
  for (std::size_t n = 0; n < 4; ++n) {
    switch ((first + n) % 4) {
    case 0:
    case 1:
      if (actors.step(choose.pick(actors.ready())))
        return true;
      break;
    case 2:
      if (has_events(*watches_)) {
        tell(watcher_, inotify_bytes{must(watches_->read_available())});
        return true;
      }
      break;
    default:
      for (auto& [id, guest] : guests_)
        if (!hung_.contains(id) && run_guest(*guest))
          return true;
      break;
    }
  }
  return false;
}

void node_world::settle() {
  for (int n = 0; step(); ++n)
    if (n == 1000000)
      FAIL("the world does not come to rest");
}

void node_world::pass(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds tick{100};
  for (; time.count() > 0; time -= tick) {
    actors.advance(std::min(time, tick));
    settle();
  }
}

void node_world::run_until(const std::function<bool()>& goal) {
  while (!goal())
    REQUIRE_MESSAGE(step(), "the world came to rest before the goal");
}

void node_world::jump(std::chrono::milliseconds time) {
  actors.advance(time);
  for (auto& [id, guest] : guests_)
    if (!hung_.contains(id))
      guest->carry_out_late(actors.now());
}

void node_world::lose_events() {
  while (has_events(*watches_))
    must(watches_->read_available());
}

void node_world::overflow() {
  lose_events();
  ::inotify_event lost = {};
  lost.wd = -1;
  lost.mask = IN_Q_OVERFLOW;
  const auto* first = reinterpret_cast<const unsigned char*>(&lost);
  tell(watcher_, inotify_bytes{bytes(first, first + sizeof lost)});
}

std::vector<volume_status> node_world::volumes() {
  auto list = ask<list_volumes_reply>(list_volumes_request{});
  REQUIRE(list);
  CHECK(list->volumes.more == 0);
  return std::move(list->volumes.listed);
}

volume_status node_world::status_of(const std::string& volume) {
  for (auto& one : volumes())
    if (one.path == volume_path(volume))
      return one;
  FAIL("the volume is not known: ", volume);
  return {};
}

bool node_world::is_known(const std::string& volume) {
  const auto all = volumes();
  return std::any_of(all.begin(), all.end(), [&](const volume_status& one) {
    return one.path == volume_path(volume);
  });
}

std::size_t node_world::watch_count() const {
  // proc(5): one line per watch.
  std::ifstream info{"/proc/self/fdinfo/" + std::to_string(watches_->fd())};
  std::size_t count = 0;
  for (std::string line; std::getline(info, line);)
    count += line.starts_with("inotify wd:") ? 1 : 0;
  return count;
}

std::string node_world::guest_dir(const std::string& sandbox,
                                  const std::string& share_id) const {
  return dir / ("guest-" + sandbox + "/" + share_id);
}

std::string node_world::host_text(const std::string& volume) const {
  tree_text_options options;
  options.link_owners = false;
  options.leave_out = [current = volumes_.at(volume)->current(),
                       root = volume_path(volume)](const std::string& path) {
    if (path.find('/') != std::string::npos)
      return false;
    if (path.starts_with(".."))
      return path != current && path != "..data";
    const std::filesystem::path file{root + "/" + path};
    return is_symlink(file) && !exists(file);
  };
  return describe_tree(volume_path(volume), options);
}

std::string
node_world::guest_text(const std::string& volume, const std::string& sandbox,
                       const std::string& share_id,
                       const std::set<std::string>& leave_out) const {
  tree_text_options options;
  options.link_owners = false;
  options.leave_out = [&leave_out](const std::string& path) {
    return leave_out.contains(path);
  };
  const auto guest = guest_dir(sandbox, share_id);
  std::error_code failed;
  const auto guest_name
    = std::filesystem::read_symlink(guest + "/..data", failed).string();
  const auto host_name = volumes_.at(volume)->current();
  if (failed || !guest_name.starts_with(host_name))
    return "the guest has generation '" + guest_name + "', the host "
           + host_name;
  return renamed(describe_tree(guest, options), guest_name, host_name);
}

bool node_world::is_equal(const std::string& volume, const std::string& sandbox,
                          const std::string& share_id) const {
  return guest_text(volume, sandbox, share_id) == host_text(volume);
}

void node_world::check_equal(const std::string& volume,
                             const std::string& sandbox,
                             const std::string& share_id) const {
  CHECK(guest_text(volume, sandbox, share_id) == host_text(volume));
}

} // namespace fsshare::test
