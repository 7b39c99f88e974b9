// SPDX-License-Identifier: Apache-2.0
#include "core/pacing.hpp"
#include "core/paths.hpp"
#include "tests/rotations/history_player.hpp"

#include <algorithm>
#include <bit>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace fsshare::test {

namespace fs = std::filesystem;
using std::chrono::seconds;

namespace {

struct stat status_of_link(const std::string& path) {
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0)
    throw std::system_error(errno, std::generic_category(), "lstat " + path);
  return st;
}

// Guest agents 3.18 to 3.32 cannot give owner and mode to such files.
std::string without_tmp_modes(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    auto line = text.substr(at, end - at);
    const auto name = line.find(".tmp ");
    const auto begin = line.rfind(' ', name);
    if (name != std::string::npos && line.starts_with("file "))
      line.erase(5, begin - 4);
    out += line + '\n';
    at = end + 1;
  }
  return out;
}

} // namespace

void history_player::settle() {
  w_.fail_one_in = 0;
  w_.drop_one_in = 0;
  for (auto& g : sandboxes_) {
    g->guest->slowness = nullptr;
    g->guest->refuses = false;
    w_.unhang(g->id);
    w_.actors.call<start_watcher_reply>(w_.node, start_watcher_request{g->id});
  }
  for (auto& v : volumes_)
    while (v.kubelet->next())
      step_kubelet(v);
  for (int n = 0; n < 331; ++n) {
    w_.jump(seconds{1});
    w_.settle();
    note_ended();
  }
  for (const auto& g : sandboxes_)
    check_guest(*g);
  for (const auto& c : copies_)
    check_copy(c);
}

// A guest holds the copies that were shared, and what is left in it is said.
void history_player::check_guest(const guest_side& g) {
  const auto sandbox = w_.ask<get_sandbox_reply>(get_sandbox_request{g.id});
  std::set<std::string> expected;
  for (const auto& one : sandbox->sandbox.leftovers.listed) {
    const auto name = std::string{base_name(one.path)};
    if (parent_path(one.path) == "/run/kata-containers/shared/containers")
      expected.insert(name);
    if (which_ != guest::profile::v3_3)
      complain(one.path + " is still pending: " + one.reason);
  }
  for (const auto& share : sandbox->shares.listed)
    expected.insert(share.share_id);
  for (const auto& entry : fs::directory_iterator{w_.dir / ("guest-" + g.id)})
    if (!expected.contains(entry.path().filename().string()))
      complain(g.id + " holds " + entry.path().filename().string());
}

void history_player::check_copy(const copy& c) {
  auto& g = *sandboxes_[c.sandbox];
  const auto& v = volumes_[c.volume];
  const auto label = c.container + " of " + v.name + " in " + g.id + ": ";
  if (!*c.shared || (c.ended && !*c.ended)) {
    complain(label + "a request was never answered");
    return;
  }
  if (!**c.shared || c.ended)
    return;
  const auto share = (**c.shared)->share_id;
  std::set<std::string> left;
  for (const auto& d : w_.status_of(v.name).destinations)
    if (d.share_id == share) {
      if (!d.current)
        complain(label + "is stale: " + d.reason);
      for (const auto& path : d.not_removable)
        left.emplace(base_name(path));
    }
  auto host = w_.host_text(v.name);
  auto guest = w_.guest_text(v.name, g.id, share, left);
  if (which_ == guest::profile::v3_18) {
    host = without_tmp_modes(host);
    guest = without_tmp_modes(guest);
  }
  if (host != guest)
    complain(label + "differs\n-- host\n" + host + "-- guest\n" + guest);
  if (which_ != guest::profile::v3_3 && !left.empty())
    complain(label + *left.begin() + " is called not removable");
  check_links(c, share, left);
  // Each change on the host, and each failure, costs one push at most, with as
  // many links and removals, and the settling of its flip. Between two flips
  // superseded pushes cost less than two, however many changes there were.
  const auto failures = g.guest->ended_connections + g.guest->failed_requests;
  const auto changes = v.changes - c.changes_before;
  const auto bound
    = std::min((changes + failures + 1) * (2 * v.entries + 2),
               (g.flips.at(share) + failures + 1) * (4 * v.entries + 2));
  const auto sent = g.requests.at(share);
  if (sent > bound)
    complain(label + std::to_string(sent) + " requests, more than "
             + std::to_string(bound));
  // Where nothing can be removed the files of each name that was given up are
  // emptied, in two requests where a temporary is left, and at growing
  // intervals again while what was lost may still come.
  const auto rounds
    = static_cast<std::uint64_t>(std::bit_width(static_cast<std::uint64_t>(
      pacing::longest_lateness / pacing::first_return)));
  const auto most
    = (changes + failures + 1) * 2 * v.entries * (1 + failures * (rounds + 1));
  if (g.emptyings[share] > most)
    complain(label + std::to_string(g.emptyings[share])
             + " emptyings, more than " + std::to_string(most));
}

void history_player::check_links(const copy& c, const std::string& share,
                                 const std::set<std::string>& left) {
  const auto& g = *sandboxes_[c.sandbox];
  const auto root = status_of_link(w_.volume_path(volumes_[c.volume].name));
  for (const auto& entry : fs::directory_iterator{w_.guest_dir(g.id, share)}) {
    if (!entry.is_symlink() || left.contains(entry.path().filename().string()))
      continue;
    const auto link = status_of_link(entry.path().string());
    if (link.st_uid != root.st_uid || link.st_gid != root.st_gid)
      complain(entry.path().string() + " has not the owner of its directory");
  }
}

} // namespace fsshare::test
