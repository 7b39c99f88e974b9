// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/history_player.hpp"

#include "core/paths.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include <unistd.h>

namespace fsshare::test {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr const char* share_dir = "/run/kata-containers/shared/containers";

bool may_give_away() {
  return ::geteuid() == 0;
}

// First component below the share.
std::string share_of(const std::string& path) {
  const auto dir = std::string{share_dir} + '/';
  if (!path.starts_with(dir))
    return {};
  return std::string{first_component(path.substr(dir.size()))};
}

bool is_link(const grpc::CopyFileRequest& request) {
  return (request.file_mode() & 0170000U) == 0120000U;
}

std::string contents_of(const std::string& dir) {
  tree_text_options options;
  options.modes = false;
  options.owners = false;
  options.root = false;
  return describe_tree(dir, options);
}

// Requests of a push at most: chunks, every directory twice, its links, and
// root, generation (twice), flip.
std::uint64_t requests_of(const payload& files) {
  std::uint64_t count = 4;
  std::set<std::string> dirs;
  std::set<std::string> links;
  for (const auto& [path, file] : files) {
    count += 1 + file.content.size() / (1U << 20U);
    links.emplace(first_component(path));
    for (auto at = path.find('/'); at != std::string::npos;
         at = path.find('/', at + 1))
      dirs.insert(path.substr(0, at));
  }
  return count + 2 * dirs.size() + links.size();
}

} // namespace

history_player::history_player(chooser& choose, guest::profile which)
  : choose_(choose), which_(which), w_(choose) {
  const kubelet_order orders[] = {
    kubelet_order::to_1_22, kubelet_order::from_1_23, kubelet_order::from_1_27};
  for (const char* name : {"cm0", "cm1"}) {
    const gid_t group = may_give_away() ? 2000 : ::getegid();
    auto& kubelet = w_.add_volume(
      name, orders[choose_.pick(3)],
      choose_.one_in(2) ? std::optional<gid_t>{group} : std::nullopt);
    // The kubelet makes such directories for nested mounts.
    if (choose_.one_in(4))
      fs::create_directory(w_.volume_path(name) + "/mounted");
    volumes_.push_back({name, &kubelet, {}, {}, 0, 0});
    begin(volumes_.back(), draw_files(0));
    while (kubelet.next())
      step_kubelet(volumes_.back());
  }
  for (const char* id : {"s0", "s1"}) {
    sandboxes_.push_back(std::make_unique<guest_side>());
    auto& g = *sandboxes_.back();
    g.id = id;
    g.guest = &w_.add_sandbox(id, which_);
    g.guest->on_arrival = [this, &g](const grpc::CopyFileRequest& request) {
      arrived(g, request);
    };
    g.guest->before_copy = [this, &g](const grpc::CopyFileRequest& request) {
      about_to_copy(g, request);
    };
    g.guest->observer = [this, &g] {
      has_copied(g);
    };
    if (choose_.one_in(2))
      w_.set_lateness(id, milliseconds{900});
  }
}

// -- events -------------------------------------------------------------------

void history_player::play(const history& events) {
  for (const auto& event : events) {
    play(event);
    note_ended();
  }
}

void history_player::play(const history_event& event) {
  using enum event_kind;
  switch (event.kind) {
  case rotate:
  case rotate_in_part:
  case go_on:
  case sync:
  case refused_name: return play_kubelet(event);
  case add: return add_copy(event);
  case remove: return remove_copy(event);
  case lose_events: return w_.lose_events();
  case overflow: return w_.overflow();
  case pass: return w_.pass(milliseconds{100 * (1 + event.number % 30)});
  case jump: {
    constexpr int jumps[] = {1, 5, 31, 61, 301};
    return w_.jump(seconds{jumps[event.number % 5]});
  }
  case run:
    for (auto left = event.number % 150; left > 0; --left)
      w_.step();
    return;
  default: return play_guest(event);
  }
}

void history_player::play_guest(const history_event& event) {
  using enum event_kind;
  auto& g = *sandboxes_[event.which % sandboxes_.size()];
  switch (event.kind) {
  case hang: return w_.hang(g.id);
  case unhang: return w_.unhang(g.id);
  case refuse:
    g.guest->refuses = true;
    if (event.number % 2 == 0)
      g.guest->drop();
    return;
  case accept: g.guest->refuses = false; return;
  case slow:
    g.guest->slowness = [this] {
      return w_.actors.now() + milliseconds{choose_.pick(300)};
    };
    return;
  case quick: g.guest->slowness = nullptr; return;
  case faults:
    w_.fail_one_in = 5 + event.which % 40;
    w_.drop_one_in = 10 + event.number % 80;
    return;
  case no_faults:
    w_.fail_one_in = 0;
    w_.drop_one_in = 0;
    return;
  case stop_watcher:
    w_.actors.call<stop_watcher_reply>(w_.node, stop_watcher_request{g.id});
    return;
  case start_watcher:
    w_.actors.call<start_watcher_reply>(w_.node, start_watcher_request{g.id});
    return;
  default: throw std::logic_error("no event of a guest");
  }
}

void history_player::play_kubelet(const history_event& event) {
  using enum event_kind;
  auto& v = volumes_[event.which % volumes_.size()];
  if (event.kind == refused_name) {
    auto files = v.files;
    files["..x"] = {"refused"};
    rotator other{w_.volume_path(v.name), kubelet_order::from_1_27};
    try {
      other.rotate(files);
      complain("a kubelet took the name ..x");
    } catch (const std::runtime_error&) {
    }
    return;
  }
  if (event.kind == sync)
    begin(v, v.files);
  else if (event.kind != go_on)
    begin(v, draw_files(event.number));
  auto left = event.kind == rotate_in_part ? 1 + event.number % 11 : 99;
  for (; left > 0 && v.kubelet->next(); --left) {
    step_kubelet(v);
    // In its hands or not at all, what is no kubelet's may have such a name.
    if (v.kubelet->next() == rotation_step::link_data_tmp
        && event.number % 16 == 0) {
      w_.dir.write((w_.volume_path(v.name) + "/" + v.kubelet->written())
                       .substr(w_.dir.path().size() + 1)
                     + "/..x",
                   "gets no link");
      ++v.entries;
    }
    for (auto pause = choose_.pick(20); pause > 0; --pause)
      w_.step();
  }
}

payload history_player::draw_files(std::uint32_t seed) const {
  chooser draw{seed};
  const auto text = std::to_string(seed);
  payload files{{"plain", {text}}};
  constexpr mode_t modes[] = {0644, 0600, 0400, 0640};
  for (const char* path :
       {"tls.crt", "tls.key", "tls.tmp", "app.conf", "app.yaml", "labels/app",
        "labels/tier", "deep/a/b/c", "deep/a/b/d", "empty", "large"}) {
    if (!draw.one_in(2))
      continue;
    payload_file file{path + text, modes[draw.pick(4)]};
    if (path == std::string{"empty"})
      file.content.clear();
    if (path == std::string{"large"} && draw.one_in(8))
      file.content += std::string((1U << 20U) + draw.pick(3), 'x');
    if (may_give_away() && draw.one_in(5))
      file.user = 1000;
    files[path] = std::move(file);
  }
  return files;
}

void history_player::begin(host_side& v, payload files) {
  v.entries = std::max(v.entries, requests_of(files));
  v.files = files;
  v.kubelet->begin(std::move(files));
}

void history_player::step_kubelet(host_side& v) {
  const auto what = v.kubelet->next();
  v.kubelet->step();
  if (what == rotation_step::flip)
    v.contents[v.kubelet->current()]
      = contents_of(w_.volume_path(v.name) + "/" + v.kubelet->current());
  if (what == rotation_step::flip || what == rotation_step::own_generation
      || what == rotation_step::own_volume)
    ++v.changes;
}

void history_player::add_copy(const history_event& event) {
  if (copies_.size() >= 12)
    return;
  copy c;
  c.sandbox = event.which % sandboxes_.size();
  c.volume = event.number % volumes_.size();
  c.container = "c" + std::to_string(++containers_);
  c.changes_before = volumes_[c.volume].changes;
  c.shared = w_.actors.call<share_file_reply>(
    w_.node, w_.volume_request(sandboxes_[c.sandbox]->id, c.container,
                               volumes_[c.volume].name));
  copies_.push_back(std::move(c));
}

void history_player::remove_copy(const history_event& event) {
  if (copies_.empty())
    return;
  auto& c = copies_[event.number % copies_.size()];
  if (c.ended)
    return;
  unshare_file_request request;
  request.sandbox_id = sandboxes_[c.sandbox]->id;
  request.container_id = c.container;
  request.destination = "/etc/" + volumes_[c.volume].name;
  c.ended = w_.actors.call<unshare_file_reply>(w_.node, request);
}

// From the answer on nothing may be sent for a copy but the removal of a
// leftover.
void history_player::note_ended() {
  for (const auto& c : copies_)
    if (c.ended && *c.ended && **c.ended && *c.shared && **c.shared)
      sandboxes_[c.sandbox]->dead.emplace((**c.shared)->share_id,
                                          !(**c.ended)->leftovers.empty());
}

// -- what the guests see ------------------------------------------------------

void history_player::arrived(guest_side& g,
                             const grpc::CopyFileRequest& request) {
  const auto share = share_of(request.path());
  const bool only_empties = which_ == guest::profile::v3_3
                            && request.file_mode() == (S_IFREG | 0600U)
                            && request.data().size() <= 1;
  ++(only_empties ? g.emptyings : g.requests)[share];
  const auto dead = g.dead.find(share);
  if (dead == g.dead.end())
    return;
  // What a lost connection may make again is removed again. Where something is
  // left the removal of what was old may have been under way, and makes no more
  // than the removal takes away.
  const bool pays
    = is_link(request) && request.data().empty()
      && (dead->second || request.path() == join(share_dir, share));
  // Where nothing can be removed, each file is emptied.
  const bool empties = which_ == guest::profile::v3_3 && dead->second
                       && request.data().size() <= 1;
  // What the guest is asked for after a lost connection changes nothing of what
  // is there, and makes no more than the removal takes away.
  const bool looks = dead->second && request.path().ends_with("/look");
  if (!pays && !empties && !looks)
    complain("a request for " + request.path() + " after its removal");
}

std::string history_player::live_of(const guest_side& g,
                                    const std::string& share) const {
  std::error_code none;
  return fs::read_symlink(w_.guest_dir(g.id, share) + "/..data", none).string();
}

// Where nothing can be removed, all that is live is emptied at the end, and
// where a first copy fails.
bool history_player::is_ending(const guest_side& g,
                               const std::string& share) const {
  return std::any_of(copies_.begin(), copies_.end(), [&](const copy& c) {
    const bool is_used = *c.shared && **c.shared && !c.ended;
    return !is_used && sandboxes_[c.sandbox].get() == &g
           && share.starts_with(c.container + "-");
  });
}

// What is below a file every guest agent refuses, and changes nothing.
bool history_player::is_below_file(const guest_side& g,
                                   const std::string& path) const {
  const auto parent = std::string{parent_path(path)};
  const auto share = share_of(parent);
  return fs::is_regular_file(w_.guest_dir(g.id, share)
                             + parent.substr(join(share_dir, share).size()));
}

void history_player::about_to_copy(guest_side& g,
                                   const grpc::CopyFileRequest& request) {
  const auto share = share_of(request.path());
  const auto root = join(share_dir, share);
  const auto live = live_of(g, share);
  const auto live_path = join(root, live);
  if (!live.empty() && !is_ending(g, share)
      && (request.path() == live_path
          || request.path().starts_with(live_path + "/"))
      && !is_below_file(g, request.path()))
    complain("a request for " + request.path() + ", which is live");
  if (request.path() == join(root, "..data") && !request.data().empty()) {
    g.flip_share = share;
    g.flip_target = request.data();
  }
}

void history_player::has_copied(guest_side& g) {
  if (g.flip_share.empty())
    return;
  const auto share = std::exchange(g.flip_share, {});
  ++g.flips[share];
  if (live_of(g, share) != g.flip_target)
    return;
  const auto& v = volumes_[share.ends_with("cm0") ? 0 : 1];
  for (const auto& [name, text] : v.contents)
    if (g.flip_target.starts_with(name)) {
      const auto dir = join(w_.guest_dir(g.id, share), g.flip_target);
      if (!fs::is_directory(dir) || contents_of(dir) != text)
        complain(join(share, g.flip_target) + " went live and is not whole");
      return;
    }
  complain(join(share, g.flip_target) + " was never on the host");
}

void history_player::complain(const std::string& what) {
  complaints_.push_back(what);
}

} // namespace fsshare::test
