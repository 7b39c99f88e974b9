// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include "log/log.hpp"
#include "json/nydus_json.hpp"
#include "json/virtual_volume_json.hpp"

#include <utility>

namespace fsshare {

namespace {

// Names a root filesystem; its options stay out, they may hold credentials.
std::string words_for(const share_rootfs_request& request) {
  const auto& rootfs = request.rootfs;
  auto text = "'" + rootfs.target + "' (type '" + rootfs.type + "', "
              + std::to_string(rootfs.options.size()) + " options";
  if (request.block != block_device{})
    text += ", block device of driver '" + request.block.driver + "'";
  return text + ", " + std::to_string(request.devices.size()) + " devices)";
}

std::string subject_of(const std::string& container_id) {
  return "share the root filesystem of container '" + container_id + "'";
}

result<rootfs_payload> decode_payload(const share_rootfs_request& request,
                                      rootfs_kind kind) {
  rootfs_payload payload;
  if (kind == rootfs_kind::virtual_volume) {
    auto volumes = decode_virtual_volumes(request.rootfs.options);
    if (!volumes)
      return volumes.err();
    payload.volumes = *std::move(volumes);
  } else if (kind == rootfs_kind::nydus) {
    auto image = decode_nydus_rootfs(request.rootfs.options);
    if (!image)
      return image.err();
    payload.nydus = *std::move(image);
  }
  return payload;
}

// Failures are logged by API SERVER, with the call.
void log_rootfs(const share_rootfs_request& request, rootfs_kind kind) {
  log::info("rootfs-shared", {{"sandbox", request.sandbox_id},
                              {"container", request.container_id},
                              {"kind", to_string(kind)}});
}

} // namespace

caf::result<share_rootfs_reply>
sandbox_state::handle_request(const share_rootfs_request& msg) {
  if (auto checked = state_.check_prepared(); !checked)
    return to_caf(checked.err());
  const auto& id = msg.container_id;
  const auto known = rootfs_.find(id);
  if (known != rootfs_.end()) {
    auto& there = known->second;
    if (!is_same(there.request, msg) && !recognize(there, msg))
      return to_caf(
        {errc::already_exists,
         subject_of(id) + ": shared already is " + words_for(there.request)
           + ", asked for is " + words_for(msg)
           + (words_for(there.request) == words_for(msg) ? " with other details"
                                                         : "")});
    const auto admitted = there.life.again();
    if (admitted == admission::answer)
      return there.share.reply;
    if (admitted == admission::refuse)
      return to_caf({errc::aborted, subject_of(id) + ": it is being unshared"});
  }
  const reply_promise<share_rootfs_reply> promise{self_};
  name_container(id, msg.container_name);
  auto& made = rootfs_[id];
  rootfs_order_.insert(id);
  made.callers.push_back(promise);
  if (known == rootfs_.end()) {
    made.request = msg;
    begin_rootfs(id);
  }
  return promise;
}

void sandbox_state::begin_rootfs(const std::string& container_id) {
  auto& begun = rootfs_.at(container_id);
  const auto turn = begun.turn = ++last_turn_;
  const auto dirs
    = overlay_dirs(begun.request, state_.request().force_guest_pull);
  if (dirs.empty()) {
    plan_rootfs_of(container_id, false);
    return;
  }
  ask(
    self_, neighbours_.reader,
    look_for_erofs{dirs, options_.sandbox_id, state_.request().mount_namespace})
    .then(
      [this, container_id, turn](const erofs_looked_for& seen) {
        if (find_rootfs(container_id, turn) != nullptr)
          plan_rootfs_of(container_id, seen.found);
      },
      [this, container_id, turn](caf::error& err) {
        if (find_rootfs(container_id, turn) != nullptr)
          rootfs_done(container_id, from_caf(err));
      });
}

// Returns nothing if it was unshared meanwhile, whatever has its name now.
sandbox_state::rootfs*
sandbox_state::find_rootfs(const std::string& container_id,
                           std::uint64_t turn) {
  const auto i = rootfs_.find(container_id);
  return i == rootfs_.end() || i->second.turn != turn ? nullptr : &i->second;
}

void sandbox_state::plan_rootfs_of(const std::string& container_id,
                                   bool on_erofs) {
  auto& r = rootfs_.at(container_id);
  auto planned = describe_rootfs(
    r.request,
    kind_of_rootfs(r.request, state_.request().force_guest_pull, on_erofs));
  if (!planned) {
    rootfs_done(container_id, planned.err());
    return;
  }
  r.share = *std::move(planned);
  if (!r.share.mounts) {
    make_rootfs(container_id);
    return;
  }
  open_sources(*r.share.mounts, [this, container_id, turn = r.turn](
                                  const result<opened_sources>& opened) {
    auto* known = find_rootfs(container_id, turn);
    if (known == nullptr)
      return;
    if (!opened) {
      rootfs_done(container_id, opened.err());
      return;
    }
    known->sources = *opened;
    make_rootfs(container_id);
  });
}

void sandbox_state::make_rootfs(const std::string& container_id) {
  auto& r = rootfs_.at(container_id);
  r.life.making();
  const auto& request = r.request.rootfs;
  record(
    recorded_rootfs{container_id, request.target, request.type, request.suffix,
                    r.share.kind, r.share.reply.guest_path, r.share.host_path,
                    r.share.rafs ? r.share.rafs->mountpoint : std::string{},
                    rootfs_digest(r.request), name_of(container_id)},
    [this, container_id, turn = r.turn] {
      const auto* known = find_rootfs(container_id, turn);
      if (known == nullptr)
        return;
      // A copy: the mounting may end before this does.
      if (const auto image = known->share.rafs)
        mount_image(container_id, *image);
      else
        mount_rootfs(container_id);
    });
}

// The same request as one that was written down.
bool sandbox_state::recognize(rootfs& known,
                              const share_rootfs_request& request) const {
  if (known.digest != rootfs_digest(request))
    return false;
  auto planned = describe_rootfs(request, known.share.kind);
  if (!planned)
    return false;
  known.share = *std::move(planned);
  known.request = request;
  known.digest.reset();
  return true;
}

result<rootfs_share>
sandbox_state::describe_rootfs(const share_rootfs_request& request,
                               rootfs_kind kind) const {
  const auto& prepared = state_.request();
  const auto payload = decode_payload(request, kind);
  if (!payload)
    return payload.err();
  return plan_rootfs_share(
    request, kind, *payload,
    {layout_, !copies(), !prepared.nydusd_socket.empty(), options_.recursive});
}

void sandbox_state::mount_image(const std::string& container_id,
                                const rafs_mount& image) {
  const auto to = nydus();
  if (!to) {
    rootfs_done(container_id, to.err());
    return;
  }
  images_.insert(image.mountpoint);
  ask(self_, *to, mount_rafs{image})
    .then(
      [this, container_id](const rafs_mounted&) {
        // Without the entry, Cleanup has asked for the end of the image.
        if (rootfs_.contains(container_id))
          mount_rootfs(container_id);
      },
      [this, container_id](caf::error& err) {
        // NYDUS knows whether anything of it is left, should Cleanup ask.
        rootfs_done(container_id, from_caf(err));
      });
}

void sandbox_state::mount_rootfs(const std::string& container_id) {
  auto& r = rootfs_.at(container_id);
  auto sources = std::exchange(r.sources, {});
  if (r.life.is_ending() || !r.share.mounts) {
    rootfs_done(container_id, unit{});
    return;
  }
  run(*r.share.mounts, std::move(sources),
      [this, container_id](const status& outcome) {
        const auto i = rootfs_.find(container_id);
        if (i == rootfs_.end())
          return;
        const auto& rafs = i->second.share.rafs;
        if (outcome || !rafs) {
          rootfs_done(container_id, outcome);
          return;
        }
        unmount_images({rafs->mountpoint},
                       [this, container_id, outcome](const status& undone) {
                         rootfs_done(container_id, both(outcome, undone));
                       });
      });
}

void sandbox_state::rootfs_done(const std::string& container_id,
                                const status& outcome) {
  const auto i = rootfs_.find(container_id);
  if (i == rootfs_.end())
    return;
  auto& r = i->second;
  const auto step = r.life.made(static_cast<bool>(outcome));
  if (step == share_step::take_away) {
    take_rootfs_away(container_id);
    return;
  }
  const auto told = outcome
                      ? outcome
                      : status{outcome.err().within(subject_of(container_id))};
  record(recorded_rootfs_progress{container_id, told ? recorded_phase::made
                                                     : recorded_phase::gone});
  if (told) {
    log_rootfs(r.request, r.share.kind);
    node_event shared{event_id::rootfs_shared, options_.sandbox_id,
                      r.request.container_id};
    shared.detail = to_string(r.share.kind);
    note(neighbours_.events, std::move(shared));
  }
  const auto reply = r.share.reply;
  auto callers = std::exchange(r.callers, {});
  if (step == share_step::forget)
    forget_rootfs(container_id);
  for (auto& promise : callers) {
    if (told)
      promise.deliver(reply);
    else
      promise.deliver(to_caf(told.err()));
  }
}

void sandbox_state::end_rootfs(const std::string& container_id,
                               status_handler then) {
  const auto i = rootfs_.find(container_id);
  if (i == rootfs_.end()) {
    then(unit{});
    return;
  }
  auto& r = i->second;
  r.enders.push_back(std::move(then));
  const auto step = r.life.end();
  for (auto& promise : std::exchange(r.callers, {}))
    promise.deliver(to_caf(
      {errc::aborted, subject_of(container_id) + ": unshared meanwhile"}));
  if (step == share_step::take_away)
    take_rootfs_away(container_id);
  else if (step == share_step::forget)
    rootfs_gone(container_id, unit{});
}

void sandbox_state::take_rootfs_away(const std::string& container_id) {
  record(recorded_rootfs_progress{container_id, recorded_phase::leaving},
         [this, container_id, turn = rootfs_.at(container_id).turn] {
           if (find_rootfs(container_id, turn) != nullptr)
             unmount_rootfs(container_id);
         });
}

void sandbox_state::unmount_rootfs(const std::string& container_id) {
  const auto& share = rootfs_.at(container_id).share;
  std::vector<std::string> images;
  if (share.rafs && images_.contains(share.rafs->mountpoint))
    images.push_back(share.rafs->mountpoint);
  unmount_images(images, [this, container_id](const status& unmounted) {
    const auto i = rootfs_.find(container_id);
    if (i == rootfs_.end())
      return;
    if (!i->second.share.unmounts) {
      rootfs_gone(container_id, unmounted);
      return;
    }
    run(*i->second.share.unmounts,
        [this, container_id, unmounted](const status& outcome) {
          rootfs_gone(container_id, both(unmounted, outcome));
        });
  });
}

void sandbox_state::unmount_images(const std::vector<std::string>& mountpoints,
                                   const status_handler& then) {
  if (mountpoints.empty()) {
    then(unit{});
    return;
  }
  const auto to = nydus();
  if (!to) {
    then(to.err());
    return;
  }
  ask(self_, *to, unmount_rafs{mountpoints})
    .then(
      [this, mountpoints, then](const rafs_unmounted& done) {
        for (const auto& mountpoint : mountpoints)
          images_.erase(mountpoint);
        status outcome = unit{};
        for (const auto& [mountpoint, why] : done.left) {
          images_.insert(mountpoint);
          outcome = both(outcome, why);
        }
        then(outcome);
      },
      [then](caf::error& err) {
        then(from_caf(err));
      });
}

void sandbox_state::rootfs_gone(const std::string& container_id,
                                const status& outcome) {
  const auto i = rootfs_.find(container_id);
  if (i == rootfs_.end())
    return;
  const auto enders = std::exchange(i->second.enders, {});
  record(recorded_rootfs_progress{
    container_id, outcome ? recorded_phase::gone : recorded_phase::made});
  const auto step = i->second.life.taken_away(static_cast<bool>(outcome));
  if (step == share_step::forget)
    forget_rootfs(container_id);
  for (const auto& then : enders)
    then(outcome);
}

void sandbox_state::forget_rootfs(const std::string& container_id) {
  rootfs_.erase(container_id);
  rootfs_order_.erase(container_id);
  forget_name(container_id);
}

result<nydus_actor> sandbox_state::nydus() {
  if (!nydus_) {
    auto made = neighbours_.make_nydus(state_.request().nydusd_socket);
    if (!made)
      return made;
    nydus_ = *std::move(made);
  }
  return nydus_;
}

void sandbox_state::stop_nydus() {
  if (nydus_)
    stop(nydus_);
  nydus_ = nullptr;
}

} // namespace fsshare
