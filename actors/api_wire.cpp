// SPDX-License-Identifier: Apache-2.0
#include "actors/api_wire.hpp"

#include "core/text/duration_text.hpp"
#include "core/volume/volume_cursor.hpp"

#include <chrono>

namespace fsshare::wire {

namespace {

v1::SharingMode from_mode(sharing_mode mode) {
  switch (mode) {
  case sharing_mode::shared_filesystem:
    return v1::SHARING_MODE_SHARED_FILESYSTEM;
  case sharing_mode::copy: return v1::SHARING_MODE_COPY;
  case sharing_mode::unspecified: break;
  }
  return v1::SHARING_MODE_UNSPECIFIED;
}

v1::GuestPolicy from_policy(guest_policy policy) {
  switch (policy) {
  case guest_policy::none: return v1::GUEST_POLICY_NONE;
  case guest_policy::set: return v1::GUEST_POLICY_SET;
  case guest_policy::unknown: break;
  }
  return v1::GUEST_POLICY_UNKNOWN;
}

std::vector<path_reason> reasons_of(const std::vector<hung_read>& reads) {
  std::vector<path_reason> out;
  out.reserve(reads.size());
  for (const auto& each : reads)
    out.push_back({each.subject,
                   "no answer for "
                     + format_duration(
                       std::chrono::floor<std::chrono::seconds>(each.since))});
  return out;
}

} // namespace

void put(const mount_entry& in, v1::Mount* out) {
  out->set_source(valid_utf8(in.source));
  out->set_destination(valid_utf8(in.destination));
  out->set_type(valid_utf8(in.type));
  put(in.options, out->mutable_options());
  out->set_read_only(in.read_only);
}

void put(const copy_progress& in, v1::Progress* out) {
  out->set_entries_done(in.entries_done);
  out->set_entries_total(in.entries_total);
  out->set_done_bytes(static_cast<std::int64_t>(in.bytes_done));
  out->set_total_bytes(static_cast<std::int64_t>(in.bytes_total));
}

std::vector<std::string> to_vector(const texts& in) {
  return {in.begin(), in.end()};
}

sharing_mode to_mode(v1::SharingMode mode) {
  switch (mode) {
  case v1::SHARING_MODE_SHARED_FILESYSTEM:
    return sharing_mode::shared_filesystem;
  case v1::SHARING_MODE_COPY: return sharing_mode::copy;
  default: return sharing_mode::unspecified;
  }
}

mount_entry to_mount(const v1::Mount& in) {
  return {in.source(), in.destination(), in.type(), to_vector(in.options()),
          in.read_only()};
}

guest_policy to_policy(v1::GuestPolicy policy) {
  switch (policy) {
  case v1::GUEST_POLICY_UNKNOWN: return guest_policy::unknown;
  case v1::GUEST_POLICY_NONE: return guest_policy::none;
  case v1::GUEST_POLICY_SET: return guest_policy::set;
  default: return guest_policy{UINT8_MAX};
  }
}

block_device to_block(const v1::BlockDevice& in) {
  return {in.fstype(),       in.driver(),     in.virt_path(), in.pci_path(),
          in.scsi_address(), in.ccw_device(), in.pmem_id()};
}

void put(const std::vector<std::string>& in, texts* out) {
  for (const auto& each : in)
    *out->Add() = valid_utf8(each);
}

void put(const label_map& in,
         google::protobuf::Map<std::string, std::string>* out) {
  for (const auto& [name, value] : in)
    (*out)[name] = valid_utf8(value);
}

std::uint64_t put_some(const std::vector<std::string>& in, texts* out) {
  room left{max_inner_bytes};
  for (const auto& each : in) {
    if (static_cast<std::size_t>(out->size()) == max_inner_entries
        || !left.take(each.size()))
      break;
    *out->Add() = valid_utf8(each);
  }
  return in.size() - static_cast<std::size_t>(out->size());
}

void put(const storage& in, v1::Storage* out) {
  out->set_driver(valid_utf8(in.driver));
  put(in.driver_options, out->mutable_driver_options());
  out->set_source(valid_utf8(in.source));
  out->set_fstype(valid_utf8(in.fstype));
  put(in.options, out->mutable_options());
  out->set_mount_point(valid_utf8(in.mount_point));
  for (const auto& group : in.groups) {
    out->mutable_fs_group()->set_group_id(group.group_id);
    out->mutable_fs_group()->set_group_change_policy(
      group.on_root_mismatch ? v1::OnRootMismatch : v1::Always);
  }
  out->set_shared(in.shared);
}

void put(const share_status& in, v1::ShareStatus* out) {
  out->set_share_id(in.share_id);
  out->set_container_id(in.container_id);
  put(in.mount, out->mutable_mount());
  out->set_host_path(valid_utf8(in.host_path));
  out->set_guest_path(valid_utf8(in.guest_path));
  out->set_ready(in.ready);
  put(in.progress, out->mutable_progress());
  out->set_skipped_more(put_reasons(in.skipped.listed(), out->mutable_skipped())
                        + in.skipped.more());
  out->set_ignored(in.ignored);
  out->set_reason(valid_utf8(in.reason));
  out->set_category(in.category);
  out->set_would_be_denied(in.would_be_denied);
  put_some(in.notes, out->mutable_notes());
  out->set_container_name(valid_utf8(in.container_name));
}

void put(const owner_status& in, v1::Owner* out) {
  using state = owner_status::state;
  switch (in.is) {
  case state::unknown: out->set_state(v1::OWNER_STATE_UNKNOWN); break;
  case state::nobody: out->set_state(v1::OWNER_STATE_NOBODY); break;
  case state::alive: out->set_state(v1::OWNER_STATE_ALIVE); break;
  case state::gone: out->set_state(v1::OWNER_STATE_GONE); break;
  }
  out->set_pid(in.pid);
  out->set_reason(valid_utf8(in.reason));
  if (in.is != state::gone)
    return;
  out->set_gone_ns(in.gone_for.count());
  out->set_will_end(in.ends_in.count() >= 0);
  if (in.ends_in.count() >= 0)
    out->set_ends_in_ns(in.ends_in.count());
}

void put(const sandbox_status& in, v1::SandboxStatus* out) {
  out->set_sandbox_id(in.sandbox_id);
  out->set_mode(from_mode(in.mode));
  out->set_guest_address(valid_utf8(in.guest_address));
  out->set_guest_agent_version(valid_utf8(in.guest_agent_version));
  out->set_guest_connected(in.guest_connected);
  out->set_watcher_running(in.watcher_running);
  out->set_shared_dir(valid_utf8(in.shared_dir));
  out->set_mounts_dir(valid_utf8(in.mounts_dir));
  out->set_containers(in.containers);
  out->set_shares(in.shares);
  out->set_pending_more(put_reasons(in.leftovers.listed, out->mutable_pending())
                        + in.leftovers.more);
  out->set_unrecorded(in.unrecorded);
  out->set_hung_reads_more(
    put_reasons(reasons_of(in.hung_reads), out->mutable_hung_reads()));
  out->set_held_bytes(static_cast<std::int64_t>(in.held_bytes));
  out->set_held_limit_bytes(static_cast<std::int64_t>(in.held_limit_bytes));
  put(in.labels, out->mutable_labels());
  out->set_guest_policy(from_policy(in.policy));
  out->set_guest_memory_bytes(static_cast<std::int64_t>(in.guest_memory_bytes));
  if (in.owner)
    put(*in.owner, out->mutable_owner());
}

void put(const destination_status& in, v1::DestinationStatus* out) {
  out->set_sandbox_id(in.sandbox_id);
  out->set_container_id(in.container_id);
  out->set_container_name(valid_utf8(in.container_name));
  if (in.labels)
    put(*in.labels, out->mutable_labels());
  out->set_share_id(in.share_id);
  out->set_guest_path(valid_utf8(in.guest_path));
  out->set_guest_generation(valid_utf8(in.guest_generation));
  out->set_current(in.current);
  out->set_stale_ns(in.stale_for.count());
  out->set_lag_ns(in.last_lag.count());
  out->set_reason(valid_utf8(in.reason));
  out->set_failures(in.failures);
  out->set_pushes(in.pushes);
  out->set_skipped_more(put_reasons(in.skipped.listed(), out->mutable_skipped())
                        + in.skipped.more());
  out->set_not_removable_more(
    put_some(in.not_removable, out->mutable_not_removable())
    + in.not_removable_more);
  out->set_kept_generations_more(
    put_some(in.kept_generations, out->mutable_kept_generations())
    + in.kept_generations_more);
  put(in.progress, out->mutable_progress());
  out->set_will_try(in.next_try.has_value());
  out->set_next_try_ns(
    in.next_try.value_or(std::chrono::nanoseconds{0}).count());
}

void put(const aside_file& in, v1::AsideFile* out) {
  out->set_sandbox_id(in.sandbox_id);
  out->set_removed(in.removed);
  out->set_reason(valid_utf8(in.reason));
}

void put(const orphan& in, v1::Orphan* out) {
  constexpr std::size_t most_foreign = 8;
  out->set_sandbox_id(in.sandbox_id);
  out->set_removed(in.removed);
  out->set_reason(valid_utf8(in.reason));
  const auto listed = std::min(in.foreign.size(), most_foreign);
  put_reasons(std::vector<path_reason>{in.foreign.begin(),
                                       in.foreign.begin()
                                         + static_cast<std::ptrdiff_t>(listed)},
              out->mutable_foreign());
  out->set_foreign_more(in.foreign.size() - listed);
}

namespace {

v1::VolumeStatus without_destinations(const volume_status& in) {
  v1::VolumeStatus out;
  out.set_path(valid_utf8(in.path));
  out.set_host_generation(valid_utf8(in.host_generation));
  out.set_watched(in.watched);
  out.set_reason(valid_utf8(in.reason));
  out.set_snapshots(in.snapshots);
  // Of its largest value, so that it fits.
  out.set_destinations_more(in.destinations.size() + in.destinations_more);
  return out;
}

} // namespace

page_end put_page(const share_page& in, list<v1::ShareStatus>* out,
                  room& left) {
  page_end end;
  auto at = in.listed.begin();
  for (; at != in.listed.end(); ++at) {
    v1::ShareStatus made;
    put(*at, &made);
    if (!left.take(made.ByteSizeLong()))
      break;
    end.next = list_key(*at);
    *out->Add() = std::move(made);
  }
  end.more = static_cast<std::uint64_t>(in.listed.end() - at) + in.more;
  if (end.more == 0)
    end.next.clear();
  return end;
}

page_end put_page(const volume_page& in, const volume_cursor& after,
                  list<v1::VolumeStatus>* out, room& left) {
  auto at = in.listed.begin();
  auto last = after;
  bool is_parted = false;
  for (; at != in.listed.end() && !is_parted; ++at) {
    auto made = without_destinations(*at);
    if (!left.take(made.ByteSizeLong()))
      break;
    last = {at->path, at->path == after.path ? after.order : 0};
    auto next = at->destinations.begin();
    for (; next != at->destinations.end(); ++next) {
      v1::DestinationStatus one;
      put(*next, &one);
      if (!left.take(one.ByteSizeLong()))
        break;
      last.order = next->order;
      *made.add_destinations() = std::move(one);
    }
    made.set_destinations_more(
      static_cast<std::uint64_t>(at->destinations.end() - next)
      + at->destinations_more);
    is_parted = made.destinations_more() > 0;
    *out->Add() = std::move(made);
  }
  page_end end{static_cast<std::uint64_t>(in.listed.end() - at) + in.more};
  if (end.more > 0 || is_parted)
    end.next = to_string(last);
  return end;
}

} // namespace fsshare::wire
