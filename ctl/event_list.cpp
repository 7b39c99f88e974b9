// SPDX-License-Identifier: Apache-2.0
#include "ctl/event_list.hpp"

#include "ctl/table.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

namespace fsshare::ctl {

namespace {

/// Returns what an event is about, the part that says most.
std::string subject_of(const v1::Event& event) {
  std::string out = event.sandbox_id();
  const auto add = [&out](const std::string& part) {
    if (!part.empty())
      out += (out.empty() ? "" : " ") + part;
  };
  add(event.share_id().empty() ? event.container_id() : event.share_id());
  add(event.volume());
  return out;
}

} // namespace

std::string time_text(std::int64_t unix_ns) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{
    duration_cast<milliseconds>(nanoseconds{unix_ns})};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  char text[64];
  const auto length = std::snprintf(
    text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
    static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
    static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
    static_cast<int>(time.minutes().count()),
    static_cast<int>(time.seconds().count()),
    static_cast<int>(time.subseconds().count()));
  return length > 0 ? std::string{text} : std::string{};
}

std::string event_line(const v1::Event& event) {
  const auto subject = subject_of(event);
  return for_terminal(time_text(event.time_ns()) + "  " + event.id() + "  "
                      + (subject.empty() ? "" : subject + ": ")
                      + event.sentence());
}

std::string missing_line(const v1::WatchEventsReply& page, bool is_first) {
  std::string out;
  if (page.restarted())
    out += "-- the node agent was started again --\n";
  if (page.lost() > 0)
    out
      += "-- " + std::to_string(page.lost())
         + (is_first ? " earlier events are not kept any more --\n"
                     : " events were missed: they are not kept any more --\n");
  return out;
}

call_outcome ask_events(const invocation& asked, const surroundings& with,
                        const v1::WatchEventsRequest& request,
                        v1::WatchEventsReply& into) {
  call_command<v1::WatchEventsRequest, v1::WatchEventsReply> call{
    "WatchEvents", request, nullptr, nullptr};
  auto outcome = converse(call, with.call, asked.endpoint, asked.timeout);
  if (outcome.reply)
    into = std::move(static_cast<v1::WatchEventsReply&>(call.reply()));
  return outcome;
}

call_outcome ask_all_events(const invocation& asked, const surroundings& with,
                            v1::WatchEventsRequest request,
                            v1::WatchEventsReply& into) {
  for (;;) {
    v1::WatchEventsReply page;
    auto outcome = ask_events(asked, with, request, page);
    if (!outcome.reply)
      return outcome;
    // From a node agent that does not come forward nothing more is taken.
    const bool goes_on
      = page.more() && page.events_next() != request.events_after();
    into.mutable_events()->MergeFrom(page.events());
    into.set_lost(into.lost() + page.lost());
    into.set_restarted(into.restarted() || page.restarted());
    into.set_events_next(page.events_next());
    if (!goes_on)
      return outcome;
    request.set_events_after(page.events_next());
  }
}

} // namespace fsshare::ctl
