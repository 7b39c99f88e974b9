// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal_record.hpp"

#include "core/fnv1a.hpp"

#include <utility>

namespace fsshare {

namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

template <class Into, class Value>
bool change(Into& into, const Value& value) {
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
  bool operator()(const recorded_guest& x) const {
    auto request = into.prepare.request;
    request.guest_address = x.address;
    request.guest_memory_bytes = x.memory_bytes;
    request.policy = x.policy;
    return change(into.prepare.request, request);
  }
  bool operator()(const recorded_progress& x) const {
    return change(into.phase, x.phase);
  }
  bool operator()(const recorded_watcher& x) const {
    return change(into.watcher_runs, x.runs);
  }
  bool operator()(const recorded_owner& x) const {
    return change(into.owner, x.owner);
  }
  bool operator()(const recorded_share& x) const {
    return begin(into.shares, x.share_id, x);
  }
  bool operator()(const recorded_share_progress& x) const {
    return move_on(into.shares, x.share_id, x.phase)
           || move_on(into.copied, x.share_id, x.phase);
  }
  bool operator()(const recorded_rootfs& x) const {
    return begin(into.rootfs, x.container_id, x);
  }
  bool operator()(const recorded_rootfs_progress& x) const {
    return move_on(into.rootfs, x.container_id, x.phase);
  }
};

/// Does something about a copy that is known.
template <class Change>
bool change_copy(recorded_sandbox& into, const std::string& copy_id,
                 Change how) {
  const auto known = into.copies.find(copy_id);
  return known != into.copies.end() && how(known->second);
}

bool change_part(copy_of_before& copy, const recorded_part& x) {
  if (x.step == part_step::begun)
    return copy.begun_parts.insert(x.part).second;
  const bool was_begun = copy.begun_parts.erase(x.part) > 0;
  if (x.step == part_step::failed || !copy.tree)
    return was_begun;
  const auto before = copy.tree->parts.size();
  copy.tree->parts.insert(x.entries.begin(), x.entries.end());
  return was_begun || copy.tree->parts.size() != before;
}

/// The same of what is written down in copy mode.
struct copy_taker {
  recorded_sandbox& into;

  bool operator()(const recorded_copy& x) const {
    auto& known = into.copies[x.copy_id];
    // What was done at another guest path was done in vain.
    if (known.what.terms.guest_path != x.terms.guest_path)
      known = {};
    return change(known.what, x);
  }
  bool operator()(const recorded_tree& x) const {
    return change_copy(into, x.copy_id, [&](copy_of_before& copy) {
      return change(copy.tree, x);
    });
  }
  bool operator()(const recorded_part& x) const {
    return change_copy(into, x.copy_id, [&](copy_of_before& copy) {
      return change_part(copy, x);
    });
  }
  bool operator()(const recorded_copy_end& x) const {
    return into.copies.erase(x.copy_id) > 0;
  }
  bool operator()(const recorded_destination& x) const {
    return change_copy(into, x.copy_id, [&](copy_of_before& copy) {
      return change(copy.guest, x.guest);
    });
  }
  bool operator()(const recorded_push& x) const {
    return change_copy(into, x.copy_id, [&](copy_of_before& copy) {
      return copy.guest && change(*copy.guest, with_push(*copy.guest, x.push));
    });
  }
  bool operator()(const recorded_files& x) const {
    return add_files(into.files, x.what);
  }
  bool operator()(const recorded_emptying& x) const {
    return forget_files(into.files, x.path);
  }
  bool operator()(const recorded_leftover& x) const {
    if (!x.reason)
      return into.leftovers.erase(x.path) > 0;
    // Why is not worth a line.
    return into.leftovers.insert_or_assign(x.path, *x.reason).second;
  }
  bool operator()(const recorded_copied_share& x) const {
    recorded_sandbox::entry<recorded_copied_share> ready;
    ready.what = x;
    ready.phase = recorded_phase::made;
    return change(into.copied[x.share_id], ready);
  }
};

/// Adds the records that a copy comes to.
void add_records(const copy_of_before& copy, std::vector<journal_record>& all) {
  all.emplace_back(copy.what);
  if (copy.tree)
    all.emplace_back(*copy.tree);
  for (const auto& part : copy.begun_parts)
    all.emplace_back(recorded_part{copy.what.copy_id, part});
  if (copy.guest)
    all.emplace_back(recorded_destination{copy.what.copy_id, *copy.guest});
}

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
  return std::visit(overloaded{taker{*this}, copy_taker{*this}}, record);
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
  if (owner)
    all.emplace_back(recorded_owner{*owner});
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
  for (const auto& each : copies)
    add_records(each.second, all);
  for (const auto& [id, share] : copied) {
    all.emplace_back(share.what);
    if (share.phase != recorded_phase::made)
      all.emplace_back(recorded_share_progress{id, share.phase});
  }
  for (const auto& each : files)
    all.emplace_back(recorded_files{each.second});
  for (const auto& [path, reason] : leftovers)
    all.emplace_back(recorded_leftover{path, reason});
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
