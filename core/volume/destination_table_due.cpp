// SPDX-License-Identifier: Apache-2.0
#include "core/earlier.hpp"
#include "core/volume/destination_table.hpp"

namespace fsshare {

void destination_table::set_due(const std::string& path, volume& v) {
  const auto due = earlier(v.host.next_due(), v.agenda.due());
  if (due == v.due)
    return;
  if (v.due)
    due_.erase({*v.due, path});
  v.due = due;
  if (due)
    due_.emplace(*due, path);
}

destination_agenda::wishes destination_table::wishes_of(const destination& d,
                                                        const volume& v,
                                                        time_point now) const {
  using contents = destination_agenda::contents;
  destination_agenda::wishes found;
  const auto& current = v.host.current();
  const bool is_pushed = current && d.pushing && d.pushing->host == *current;
  if (current && follows(d) && !is_pushed && d.copy.wants(*current, now))
    found.of_host
      = d.copy.needs(*current, now) ? contents::needed : contents::wanted;
  if (!d.waiting.empty())
    found.waiting = destination_agenda::wishes::caller::waits;
  found.due = d.copy.next_due();
  if (const auto* end = d.end())
    found.due = earlier(found.due, std::optional{end->by});
  return found;
}

std::optional<destination_table::time_point>
destination_table::next_due() const {
  auto due = sweep_at_;
  if (sweep_)
    due = earlier(due, std::optional{sweep_->next_at});
  if (!due_.empty())
    due = earlier(due, std::optional{due_.begin()->first});
  return due;
}

const destination_table::destination*
destination_table::find(destination_id id) const {
  const auto path = volume_of_.find(id);
  return path == volume_of_.end()
           ? nullptr
           : &volumes_.at(path->second).destinations.at(id);
}

std::optional<guest_record> destination_table::record(destination_id id) const {
  const auto* d = find(id);
  return d == nullptr ? std::nullopt : std::optional{d->copy.record()};
}

std::optional<push_record>
destination_table::push_out_record(destination_id id) const {
  const auto* d = find(id);
  return d == nullptr ? std::nullopt : d->copy.push_out_record();
}

std::vector<destination_table::expected_push>
destination_table::expect(const std::string& path, time_point now) const {
  std::vector<expected_push> pushes;
  const auto found = volumes_.find(path);
  if (found == volumes_.end())
    return pushes;
  const auto& v = found->second;
  if (v.begun.empty() || v.destinations.size() > pacing::most_expected_pushes)
    return pushes;
  for (const auto& [id, d] : v.destinations) {
    if (!d.is<following>() || !follows(d))
      continue;
    if (auto record = d.copy.next_push_record(v.begun, now))
      pushes.push_back({id, *std::move(record)});
  }
  return pushes;
}

std::optional<unsigned> destination_table::failures(destination_id id) const {
  const auto* d = find(id);
  return d == nullptr ? std::nullopt : std::optional{d->copy.failures()};
}

} // namespace fsshare
