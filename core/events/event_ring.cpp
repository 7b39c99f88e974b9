// SPDX-License-Identifier: Apache-2.0
#include "core/events/event_ring.hpp"

#include "core/text/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace fsshare {

namespace {

std::size_t bytes_of(const kept_event& of) {
  const auto& what = of.what;
  auto sum = sizeof of + what.sandbox_id.size() + what.container_id.size()
             + what.share_id.size() + what.volume.size()
             + what.generation.size() + what.detail.size();
  if (what.caller)
    sum += sizeof *what.caller + what.caller->method.size()
           + what.caller->trace_id.size();
  return sum;
}

/// Takes a whole number, and one sign behind it if there is to be one.
bool take_number(std::string_view& from, std::uint64_t& into, int base) {
  const auto* end = from.data() + from.size();
  const auto read = std::from_chars(from.data(), end, into, base);
  if (read.ec != std::errc{})
    return false;
  from.remove_prefix(static_cast<std::size_t>(read.ptr - from.data()));
  return true;
}

} // namespace

std::string to_string(const event_cursor& at) {
  constexpr int hex = 16;
  char digits[2 * sizeof at.process];
  const auto end
    = std::to_chars(digits, digits + sizeof digits, at.process, hex);
  return std::string(digits, end.ptr) + "-" + std::to_string(at.number);
}

result<event_cursor> parse_event_cursor(const std::string& text) {
  event_cursor at;
  if (text.empty())
    return at;
  constexpr int hex = 16;
  constexpr int decimal = 10;
  std::string_view rest{text};
  const bool is_one = take_number(rest, at.process, hex)
                      && rest.starts_with('-') && rest.size() > 1;
  if (is_one)
    rest.remove_prefix(1);
  if (!is_one || !take_number(rest, at.number, decimal) || !rest.empty()
      || at.process == 0)
    return error{errc::invalid_argument,
                 "events_after is no events_next of a reply"};
  return at;
}

event_ring::event_ring(std::uint64_t process, const limits& most)
  : process_(std::max<std::uint64_t>(process, 1)), most_(most) {
}

void event_ring::add(node_event what, wall_time at) {
  what.detail = without_middle(valid_utf8(what.detail), most_.detail_bytes);
  kept_.push_back({++last_, at, std::move(what)});
  bytes_ += bytes_of(kept_.back());
  while (kept_.size() > most_.events || bytes_ > most_.bytes) {
    bytes_ -= bytes_of(kept_.front());
    kept_.pop_front();
  }
}

event_page event_ring::read(const event_filter& wanted,
                            const event_cursor& after,
                            const page_limits& most) const {
  event_page page;
  page.is_restarted = after.process != 0 && after.process != process_;
  const auto behind
    = after.process == process_ ? std::min(after.number, last_) : 0;
  // What was forgotten comes before all that is kept.
  const auto forgotten = last_ - kept_.size();
  page.lost = forgotten > behind ? forgotten - behind : 0;
  page.next = {process_, std::max(behind, forgotten)};
  std::size_t used = 0;
  auto i
    = kept_.begin() + static_cast<std::ptrdiff_t>(page.next.number - forgotten);
  for (; i != kept_.end(); ++i) {
    if (wanted.takes(i->what)) {
      used += bytes_of(*i);
      if (page.events.size() == most.events
          || (used > most.bytes && !page.events.empty())) {
        page.has_more = true;
        return page;
      }
      page.events.push_back(*i);
    }
    page.next.number = i->number;
  }
  return page;
}

std::vector<kept_event> event_ring::latest(const event_filter& wanted,
                                           std::size_t most) const {
  std::vector<kept_event> out;
  for (auto i = kept_.rbegin(); i != kept_.rend() && out.size() < most; ++i)
    if (wanted.takes(i->what))
      out.push_back(*i);
  std::reverse(out.begin(), out.end());
  return out;
}

} // namespace fsshare
