// SPDX-License-Identifier: Apache-2.0
#include "core/pacing.hpp"
#include "core/text/duration_text.hpp"
#include "core/text/utf8.hpp"
#include "core/volume/destination_table.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace fsshare {

namespace {

// Whether nobody knows what the host has: a comparison has no answer.
bool is_silent(const host_volume& host,
               std::chrono::steady_clock::time_point now) {
  return host.asked_at() && now - *host.asked_at() > pacing::silent_host;
}

std::string reason_of(const host_volume& host) {
  const auto& watch = host.watch_error();
  const auto& read = host.last_error();
  if (watch && read)
    return watch->message + "; " + read->message;
  if (watch)
    return watch->message;
  return read ? read->message : std::string{};
}

std::string no_answer(const std::string& path, const host_volume& host,
                      std::chrono::steady_clock::time_point now) {
  const auto since
    = std::chrono::floor<std::chrono::seconds>(now - *host.asked_at());
  return "look at " + path + ": no answer for " + format_duration(since);
}

} // namespace

void destination_table::list(destination_id id, const destination& d) {
  all_.volumes[d.spec.volume].insert(id);
  of_sandbox_[d.spec.sandbox_id].volumes[d.spec.volume].insert(id);
}

void destination_table::forget(destination_id id, const destination& d) {
  const auto strike = [&](listing& from) {
    const auto i = from.volumes.find(d.spec.volume);
    i->second.erase(id);
    if (i->second.empty())
      from.volumes.erase(i);
  };
  strike(all_);
  const auto of = of_sandbox_.find(d.spec.sandbox_id);
  strike(of->second);
  const auto root = valid_utf8(d.spec.guest_root);
  of->second.leftovers.erase({root, id});
  of->second.leftovers.erase({root + "/", id});
  if (of->second.volumes.empty())
    of_sandbox_.erase(of);
  volume_of_.erase(id);
}

void destination_table::note_leftovers(destination_id id, destination& d) {
  const leftover_count has{d.copy.leftovers().size(), d.copy.leftovers_below()};
  if (std::exchange(d.listed_leftovers, has) == has)
    return;
  auto& known = of_sandbox_.at(d.spec.sandbox_id).leftovers;
  const auto note = [&](const std::string& where, std::size_t count) {
    known.erase({where, id});
    if (count > 0)
      known.insert({{where, id}, count});
  };
  const auto root = valid_utf8(d.spec.guest_root);
  note(root, has.at_root);
  note(root + "/", has.below_root);
}

volume_page destination_table::describe(const std::string& sandbox_id,
                                        const volume_cursor& after,
                                        std::size_t room,
                                        time_point now) const {
  volume_page page;
  const auto of = of_sandbox_.find(sandbox_id);
  if (!sandbox_id.empty() && of == of_sandbox_.end())
    return page;
  const auto& volumes = sandbox_id.empty() ? all_.volumes : of->second.volumes;
  std::size_t used = 0;
  bool is_full = false;
  auto i = volumes.lower_bound(after.path);
  for (; i != volumes.end() && !is_full; ++i) {
    const auto& [path, ids] = *i;
    ++page.looked_at;
    auto next
      = ids.upper_bound(path == after.path ? after.order : destination_id{0});
    if (next == ids.end())
      continue;
    const auto& v = volumes_.at(path);
    auto shown = describe(path, v, now);
    used += listed_bytes(shown);
    if (used > room && !page.listed.empty())
      break;
    for (; next != ids.end() && !is_full; ++next) {
      ++page.looked_at;
      auto one = describe(*next, v.destinations.at(*next), v, now);
      used += listed_bytes(one);
      is_full = used > room;
      if (is_full && !shown.destinations.empty())
        break;
      shown.destinations.push_back(std::move(one));
    }
    if (next != ids.end())
      shown.destinations_more = count_from(ids, *next);
    page.listed.push_back(std::move(shown));
  }
  if (i != volumes.end())
    page.more = count_from(volumes, i->first);
  return page;
}

leftover_page destination_table::leftovers(const std::string& sandbox_id,
                                           const std::string& after,
                                           std::size_t most) const {
  const auto of = of_sandbox_.find(sandbox_id);
  if (of == of_sandbox_.end())
    return {};
  const auto& known = of->second.leftovers;
  std::vector<leftover_page> parts;
  std::size_t left = most;
  // What lies below a root that comes before may come behind.
  auto i
    = known.upper_bound({after, std::numeric_limits<destination_id>::max()});
  if (i != known.begin())
    --i;
  for (; i != known.end() && left > 0; ++i) {
    const auto& [where, id] = i->first;
    const auto& copy = volumes_.at(volume_of_.at(id)).destinations.at(id).copy;
    leftover_page part;
    if (where.ends_with('/'))
      part = copy.leftovers_below(after, left);
    else if (where > after)
      for (auto& one : copy.leftovers())
        part.listed.push_back({where, std::move(one.reason)});
    left -= std::min(left, part.listed.size());
    ++part.looked_at;
    parts.push_back(std::move(part));
  }
  auto page = joined(std::move(parts), most);
  if (i != known.end())
    page.more += known.sum_from(i->first);
  return page;
}

volume_status destination_table::describe(const std::string& path,
                                          const volume& v,
                                          time_point now) const {
  volume_status shown;
  shown.path = path;
  shown.watched = v.host.is_watched();
  shown.snapshots = v.host.reads();
  if (v.host.current())
    shown.host_generation = v.host.current()->name;
  shown.reason = reason_of(v.host);
  if (shown.reason.empty() && is_silent(v.host, now))
    shown.reason = no_answer(path, v.host, now);
  return shown;
}

bool destination_table::is_current(const destination& d, const volume& v,
                                   time_point now) {
  return v.host.current() && !v.host.unread_since() && !is_silent(v.host, now)
         && d.guest == guest_view::known
         && d.copy.acknowledged() == v.host.current() && d.copy.whole();
}

std::chrono::nanoseconds destination_table::stale_for(const destination& d,
                                                      const volume& v,
                                                      time_point now) {
  if (d.stale_since && !is_current(d, v, now))
    return now - *d.stale_since;
  return is_silent(v.host, now) ? now - *v.host.asked_at()
                                : std::chrono::nanoseconds{0};
}

volume_counts destination_table::count(time_point now) const {
  volume_counts out;
  for (const auto& [path, v] : volumes_) {
    if (v.host.is_missing())
      ++out.missing;
    else if (!v.host.current() || v.host.unread_since()
             || is_silent(v.host, now))
      ++out.unread;
    else if (v.host.is_polled())
      ++out.polled;
    else
      ++out.watched;
    for (const auto& [id, d] : v.destinations) {
      out.skipped += d.copy.skipped().size();
      if (is_current(d, v, now))
        ++out.current;
      else if (!d.copy.acknowledged())
        ++out.first;
      else
        ++out.stale;
      if (d.copy.acknowledged())
        out.longest_stale = std::max(out.longest_stale, stale_for(d, v, now));
    }
  }
  return out;
}

destination_status destination_table::describe(destination_id id,
                                               const destination& d,
                                               const volume& v,
                                               time_point now) const {
  destination_status one;
  one.order = id;
  one.sandbox_id = d.spec.sandbox_id;
  one.container_id = d.spec.container_id;
  one.container_name = d.spec.container_name;
  one.labels = d.spec.labels;
  one.share_id = d.spec.share_id;
  one.guest_path = d.spec.guest_root;
  one.guest_generation = d.copy.live_name();
  one.current = is_current(d, v, now);
  one.stale_for = stale_for(d, v, now);
  one.last_lag = d.last_lag;
  if (const auto* why = d.copy.last_error())
    one.reason = why->message;
  else if (!one.current)
    one.reason = why_stale(d, v, now);
  one.next_try = next_try(d, v, now);
  one.failures = d.copy.failures();
  one.pushes = d.copy.pushes();
  one.skipped = d.copy.skipped();
  auto stuck = d.copy.not_removable(skipped_list::most_listed);
  one.not_removable = std::move(stuck.listed);
  one.not_removable_more = stuck.more;
  auto kept = d.copy.kept(skipped_list::most_listed);
  one.kept_generations = std::move(kept.listed);
  one.kept_generations_more = kept.more;
  return one;
}

std::optional<std::chrono::nanoseconds>
destination_table::next_try(const destination& d, const volume& v,
                            time_point now) {
  std::optional<time_point> due;
  if (d.copy.last_error())
    due = d.copy.next_try();
  else if (v.host.unread_since() && v.host.last_error())
    due = v.host.next_due();
  if (!due)
    return std::nullopt;
  return std::max(*due - now, std::chrono::nanoseconds{0});
}

std::optional<std::chrono::nanoseconds>
destination_table::next_try(destination_id id, time_point now) const {
  const auto of = volume_of_.find(id);
  if (of == volume_of_.end())
    return std::nullopt;
  const auto& v = volumes_.at(of->second);
  return next_try(v.destinations.at(id), v, now);
}

// Why a copy is not current, whatever the moment; nothing has failed.
std::string destination_table::why_stale(const destination& d, const volume& v,
                                         time_point now) const {
  if (v.host.unread_since() && v.host.last_error())
    return v.host.last_error()->message;
  if (is_silent(v.host, now))
    return no_answer(d.spec.volume, v.host, now);
  if (d.guest == guest_view::unsure)
    return "the connection to the guest agent has ended; what the guest has is "
           "not known until it is reached again";
  if (!v.host.current() || v.host.unread_since()) {
    const auto why = reason_of(v.host);
    return why.empty() ? "the volume is being read" : why;
  }
  if (!follows(d))
    return "rotations are not followed for this sandbox";
  return d.copy.activity();
}

} // namespace fsshare
