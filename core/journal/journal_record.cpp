// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal_record.hpp"

#include "core/fnv1a.hpp"

#include <utility>

namespace fsshare {

namespace {

template <class Value>
bool change(Value& into, const Value& value) {
  if (into == value)
    return false;
  into = value;
  return true;
}

template <class Entries, class Thing>
bool begin(Entries& entries, const std::string& id, const Thing& what) {
  typename Entries::mapped_type begun;
  begun.what = what;
  return change(entries[id], begun);
}

template <class Entries>
bool move_on(Entries& entries, const std::string& id, recorded_phase phase) {
  const auto at = entries.find(id);
  if (at == entries.end())
    return false;
  if (phase != recorded_phase::gone)
    return change(at->second.phase, phase);
  entries.erase(at);
  return true;
}

struct taker {
  recorded_sandbox& into;

  bool operator()(const recorded_prepare& x) const {
    recorded_sandbox begun;
    begun.prepare = x;
    begun.phase = recorded_phase::intended;
    return change(into, begun);
  }
  bool operator()(const recorded_progress& x) const {
    return change(into.phase, x.phase);
  }
  bool operator()(const recorded_watcher& x) const {
    return change(into.watcher_runs, x.runs);
  }
  bool operator()(const recorded_share& x) const {
    return begin(into.shares, x.share_id, x);
  }
  bool operator()(const recorded_share_progress& x) const {
    return move_on(into.shares, x.share_id, x.phase);
  }
  bool operator()(const recorded_rootfs& x) const {
    return begin(into.rootfs, x.container_id, x);
  }
  bool operator()(const recorded_rootfs_progress& x) const {
    return move_on(into.rootfs, x.container_id, x.phase);
  }
};

void add(fnv1a& sum, const std::vector<std::string>& list) {
  sum.add(static_cast<std::uint32_t>(list.size()));
  for (const auto& each : list)
    sum.add(each);
}

void add(fnv1a& sum, const block_device& block) {
  for (const auto* each :
       {&block.fstype, &block.driver, &block.virt_path, &block.pci_path,
        &block.scsi_address, &block.ccw_device, &block.pmem_id})
    sum.add(*each);
}

} // namespace

bool recorded_sandbox::apply(const journal_record& record) {
  if (phase == recorded_phase::gone
      && !std::holds_alternative<recorded_prepare>(record))
    return false;
  return std::visit(taker{*this}, record);
}

std::vector<journal_record> recorded_sandbox::records() const {
  std::vector<journal_record> all;
  if (phase == recorded_phase::gone)
    return all;
  all.emplace_back(prepare);
  if (phase != recorded_phase::intended)
    all.emplace_back(recorded_progress{phase});
  if (watcher_runs)
    all.emplace_back(recorded_watcher{true});
  for (const auto& [id, share] : shares) {
    all.emplace_back(share.what);
    if (share.phase != recorded_phase::intended)
      all.emplace_back(recorded_share_progress{id, share.phase});
  }
  for (const auto& [id, one] : rootfs) {
    all.emplace_back(one.what);
    if (one.phase != recorded_phase::intended)
      all.emplace_back(recorded_rootfs_progress{id, one.phase});
  }
  return all;
}

std::string rootfs_digest(const share_rootfs_request& request) {
  fnv1a sum;
  const auto& rootfs = request.rootfs;
  for (const auto* each : {&request.container_id, &rootfs.target, &rootfs.type,
                           &rootfs.suffix, &rootfs.source})
    sum.add(*each);
  add(sum, rootfs.options);
  add(sum, request.block);
  sum.add(static_cast<std::uint32_t>(request.devices.size()));
  for (const auto& device : request.devices) {
    sum.add(device.container_path);
    add(sum, device.block);
  }
  sum.add(static_cast<std::uint32_t>(request.annotations.size()));
  for (const auto& [name, value] : request.annotations) {
    sum.add(name);
    sum.add(value);
  }
  return hex_digits(sum.value());
}

} // namespace fsshare
