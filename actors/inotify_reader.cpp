#include "actors/inotify_reader.hpp"

#include "core/inotify_decoder.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace fsshare {

namespace {

void add_once(std::vector<volume_event>& events, volume_event event) {
  if (event.kind != volume_event_kind::other
      && std::find(events.begin(), events.end(), event) == events.end())
    events.push_back(std::move(event));
}

} // namespace

inotify_reader_state::inotify_reader_state(handle::pointer /*self*/,
                                           std::shared_ptr<watch_api> watches)
  : watches_(std::move(watches)) {
}

inotify_reader_state::handle::behavior_type
inotify_reader_state::make_behavior() {
  return {
    [this](const watch& request) -> caf::result<void> {
      if (const auto placed = place(request.path); !placed)
        return to_caf(placed.err());
      return caf::unit;
    },
    [this](const unwatch& request) {
      drop(table_.remove(request.path));
    },
    [this](const inotify_bytes& read) {
      report(read.data);
    },
    [this](report_volumes_to& request) {
      sink_ = std::move(request.sink);
    },
  };
}

status inotify_reader_state::place(const std::string& path) {
  const auto wd = watches_->add(path);
  if (!wd) {
    drop(table_.remove(path));
    return wd.err();
  }
  drop(table_.add(path, *wd));
  return unit{};
}

void inotify_reader_state::drop(std::optional<int> wd) {
  // The kernel may have dropped it already, and its IGNORED be under way.
  if (wd)
    static_cast<void>(watches_->remove(*wd));
}

void inotify_reader_state::report(const bytes& data) {
  const auto decoded = decode_inotify(data);
  bool overflow = !decoded.complete;
  std::vector<volume_event> events;
  for (const auto& event : decoded.events) {
    auto outcome = table_.handle(event);
    overflow |= outcome.overflow;
    drop(outcome.obsolete);
    for (auto& one : outcome.events)
      add_once(events, std::move(one));
  }
  if (!sink_)
    return;
  for (auto& event : events)
    tell(sink_, volume_changed{std::move(event.path), event.kind});
  if (overflow)
    tell(sink_, volumes_overflowed{});
}

} // namespace fsshare
