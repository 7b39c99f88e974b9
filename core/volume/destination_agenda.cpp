// SPDX-License-Identifier: Apache-2.0
#include "core/volume/destination_agenda.hpp"

namespace fsshare {

namespace {

void set_member(std::set<destination_id>& of, destination_id id, bool is_one) {
  if (is_one)
    of.insert(id);
  else
    of.erase(id);
}

} // namespace

void destination_agenda::touch(destination_id id) {
  touched_.insert(id);
}

void destination_agenda::touch_all() {
  all_touched_ = true;
}

bool destination_agenda::takes_all(const host_view& seen) {
  const bool has_changed = seen.sequence != seen_.sequence
                           || seen.unread_since != seen_.unread_since;
  const bool all = std::exchange(all_touched_, false) || has_changed;
  if (all)
    seen_ = seen;
  return all;
}

std::vector<destination_id> destination_agenda::take_some(const host_view& seen,
                                                          time_point now) {
  auto out = std::exchange(touched_, {});
  out.insert(waiting_.begin(), waiting_.end());
  for (auto i = by_due_.begin(); i != by_due_.end() && i->first <= now; ++i)
    out.insert(i->second);
  if (seen.reads != seen_.reads)
    out.insert(wanting_.begin(), wanting_.end());
  seen_ = seen;
  return {out.begin(), out.end()};
}

void destination_agenda::note(destination_id id, const wishes& found) {
  set_member(waiting_, id, found.waiting == wishes::caller::waits);
  set_member(wanting_, id, found.of_host != contents::unwanted);
  set_member(needing_, id, found.of_host == contents::needed);
  set_due(id, found.due);
}

void destination_agenda::set_due(destination_id id,
                                 const std::optional<time_point>& due) {
  const auto i = due_.find(id);
  if (i != due_.end()) {
    if (i->second == due)
      return;
    by_due_.erase({i->second, id});
    due_.erase(i);
  }
  if (!due)
    return;
  by_due_.emplace(*due, id);
  due_.emplace(id, *due);
}

void destination_agenda::erase(destination_id id) {
  touched_.erase(id);
  note(id, {});
}

std::optional<destination_agenda::time_point> destination_agenda::due() const {
  if (by_due_.empty())
    return std::nullopt;
  return by_due_.begin()->first;
}

} // namespace fsshare
