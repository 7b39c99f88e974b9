// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace fsshare {

caf::result<get_sandbox_reply>
sandbox_state::handle_request(const get_sandbox_request& msg) {
  if (auto checked = state_.check_prepared(); !checked)
    return to_caf(checked.err());
  const auto volumes_after = parse_volume_cursor(msg.volumes_after);
  if (!volumes_after)
    return to_caf(volumes_after.err());
  auto what = std::make_shared<description>(
    description{.request = msg,
                .volumes_after = *volumes_after,
                .promise = describing_.add(self_)});
  begin_description(what);
  if (what->is_whole && msg.view == sandbox_view::whole)
    describe_reads(what);
  else
    describe_volumes(what);
  return what->promise;
}

// Decides which lists are asked for.
void sandbox_state::begin_description(const description_ptr& what) const {
  const auto& asked = what->request;
  auto& reply = what->reply;
  reply.sandbox.sandbox_id = options_.sandbox_id;
  if (!asked.leftovers_after.empty()) {
    what->most_leftovers = max_listed_leftovers;
  } else if (!asked.shares_after.empty()) {
    what->room_for_shares = max_listed_bytes;
  } else if (!asked.volumes_after.empty()) {
    what->room_for_volumes = max_listed_bytes;
  } else {
    what->is_whole = true;
    auto& shown = reply.sandbox;
    shown.mode = state_.request().mode;
    shown.guest_address = state_.request().guest_address;
    shown.guest_memory_bytes = state_.request().guest_memory_bytes;
    shown.policy = state_.request().policy;
    shown.labels = state_.request().labels;
    shown.watcher_running = following_;
    shown.shared_dir = prepared_reply().shared_dir;
    shown.mounts_dir = prepared_reply().mounts_dir;
    shown.containers = state_.containers()
                       + static_cast<std::uint64_t>(std::count_if(
                         rootfs_.begin(), rootfs_.end(), [this](const auto& r) {
                           return !state_.has_shares(r.first);
                         }));
    shown.shares = state_.shares().size() + rootfs_.size();
    what->most_leftovers = max_leftovers_each;
    if (asked.view == sandbox_view::whole) {
      what->most_leftovers = max_listed_leftovers;
      what->room_for_shares = max_listed_bytes / 2;
      what->room_for_volumes = max_listed_bytes;
    }
  }
  if (what->room_for_shares > 0)
    describe_shares(reply.shares, asked.shares_after, what->room_for_shares);
}

share_status sandbox_state::status_of(const share& s) const {
  share_status one;
  one.share_id = s.share_id;
  one.container_id = s.request.container_id;
  one.container_name = name_of(one.container_id);
  one.mount = s.request.mount;
  one.host_path = s.reply.host_path;
  one.guest_path = s.reply.guest_path;
  one.ignored = s.reply.ignored;
  one.reason = s.reply.reason;
  one.ready = s.life.is_ready() && !one.ignored;
  one.skipped = s.reply.skipped;
  one.notes = s.reply.notes;
  if (s.category)
    one.category = to_string(*s.category);
  one.would_be_denied = s.would_be_denied;
  return one;
}

share_status sandbox_state::status_of(const std::string& container_id,
                                      const rootfs& r) const {
  share_status one;
  one.container_id = container_id;
  one.container_name = name_of(container_id);
  one.mount.source = r.request.rootfs.target;
  one.mount.destination = "/";
  one.mount.type = r.request.rootfs.type;
  one.guest_path = r.share.reply.guest_path;
  one.host_path = r.share.host_path;
  one.ready = r.life.is_ready();
  return one;
}

// In the order of list_key().
void sandbox_state::describe_shares(share_page& page, const std::string& after,
                                    std::size_t room) const {
  std::size_t used = 0;
  const auto takes = [&](share_status one) {
    used += listed_bytes(one);
    if (used > room && !page.listed.empty())
      return false;
    page.listed.push_back(std::move(one));
    return true;
  };
  const auto& shares = state_.shares();
  const bool in_rootfs = after.starts_with(rootfs_key);
  auto i = in_rootfs ? shares.end() : shares.upper_bound(after);
  for (; i != shares.end() && takes(status_of(i->second)); ++i) {
  }
  auto r = in_rootfs ? rootfs_.upper_bound(after.substr(1)) : rootfs_.begin();
  if (i != shares.end()) {
    page.more = 1 + state_.shares_behind(i->first) + rootfs_.size();
    return;
  }
  for (; r != rootfs_.end() && takes(status_of(r->first, r->second)); ++r) {
  }
  if (r != rootfs_.end())
    page.more = count_from(rootfs_order_, r->first);
}

void sandbox_state::describe_reads(const description_ptr& what) {
  ask(self_, neighbours_.reader, fsshare::describe_reads{options_.sandbox_id})
    .then(
      [this, what](hung_reads& hung) {
        what->reply.sandbox.hung_reads = std::move(hung.reads);
        describe_volumes(what);
      },
      [this, what](caf::error&) {
        describe_volumes(what);
      });
}

void sandbox_state::describe_volumes(const description_ptr& what) {
  if (!proxy_) {
    describe_record(what);
    return;
  }
  if (what->room_for_volumes == 0) {
    describe_leftovers(what);
    return;
  }
  ask(self_, neighbours_.registry,
      fsshare::describe_volumes{options_.sandbox_id, what->volumes_after,
                                what->room_for_volumes})
    .then(
      [this, what](volume_page& page) {
        what->reply.volumes = std::move(page);
        describe_leftovers(what);
      },
      [this, what](caf::error&) {
        describe_leftovers(what);
      });
}

void sandbox_state::describe_record(const description_ptr& what) {
  if (recorder_.is_there() && what->is_whole)
    add_record_status(what);
  else
    what->promise.deliver(std::move(what->reply));
}

void sandbox_state::describe_leftovers(const description_ptr& what) {
  if (what->most_leftovers == 0) {
    describe_guest(what);
    return;
  }
  ask(self_, neighbours_.registry,
      fsshare::describe_leftovers{options_.sandbox_id,
                                  what->request.leftovers_after,
                                  what->most_leftovers})
    .then(
      [this, what](leftover_page& page) {
        what->below_copies = std::move(page);
        describe_guest(what);
      },
      [this, what](caf::error&) {
        describe_guest(what);
      });
}

void sandbox_state::describe_guest(const description_ptr& what) {
  guest_status_request request{what->request.leftovers_after,
                               what->most_leftovers};
  for (const auto& shown : what->reply.shares.listed) {
    if (shown.ready)
      request.guest_paths.push_back(shown.guest_path);
    if (const auto* copy = copies_.used_by(shown.share_id))
      request.orders.insert(copy->order);
  }
  for (const auto& volume : what->reply.volumes.listed)
    for (const auto& destination : volume.destinations)
      request.orders.insert(destination.order);
  const auto told = [this, what](guest_status& guest) {
    add_guest(*what, guest);
    describe_record(what);
  };
  ask(self_, proxy_, std::move(request)).then(told, [told](caf::error&) {
    guest_status unknown;
    told(unknown);
  });
}

// It is being removed, and nobody says yet whether that fails.
leftover_page sandbox_state::ending_copies(const std::string& after) const {
  leftover_page page;
  for (const auto& entry : copy_enders_)
    if (const auto* copy = copies_.find(entry.first))
      if (auto path = valid_utf8(copy->terms.guest_path); path > after)
        page.listed.push_back({std::move(path), "it is being removed"});
  return page;
}

void sandbox_state::add_doubts(share_page& shares,
                               const guest_status& guest) const {
  static constexpr auto came_back = "the guest came back without it";
  for (auto& shown : shares.listed) {
    if (!shown.ready)
      continue;
    if (const auto* copy = copies_.used_by(shown.share_id);
        copy != nullptr && !copy->lost.empty()) {
      shown.ready = false;
      shown.reason = std::string{came_back} + "; " + copy->lost;
      continue;
    }
    const auto doubt = guest.doubts.find(shown.guest_path);
    if (doubt == guest.doubts.end())
      continue;
    shown.ready = false;
    shown.reason = doubt->second == tree_doubt::gone
                     ? came_back
                     : "the connection to the guest agent has ended since it "
                       "was copied; whether the guest still has it is not "
                       "known";
  }
}

void sandbox_state::add_guest(description& to, guest_status& guest) const {
  auto& reply = to.reply;
  if (to.is_whole) {
    reply.sandbox.guest_connected = guest.connected;
    reply.sandbox.guest_agent_version = guest.agent_version;
    reply.sandbox.held_bytes = guest.held_bytes;
    reply.sandbox.held_limit_bytes = guest.held_limit_bytes;
  }
  if (to.most_leftovers > 0)
    reply.sandbox.leftovers = joined({std::move(guest.leftovers),
                                      ending_copies(to.request.leftovers_after),
                                      std::move(to.below_copies)},
                                     to.most_leftovers);
  add_doubts(reply.shares, guest);
  const auto add_progress
    = [&guest](std::uint64_t order, copy_progress& shown) {
        const auto running = guest.orders.find(order);
        if (running != guest.orders.end())
          shown = running->second;
      };
  for (auto& shown : reply.shares.listed)
    if (const auto* copy = copies_.used_by(shown.share_id))
      add_progress(copy->order, shown.progress);
  for (auto& volume : reply.volumes.listed)
    for (auto& destination : volume.destinations)
      add_progress(destination.order, destination.progress);
}

} // namespace fsshare
