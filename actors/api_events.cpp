// SPDX-License-Identifier: Apache-2.0
#include "actors/api_events.hpp"

#include "actors/api_decode.hpp"
#include "core/api/event_types.hpp"
#include "core/api/share_request.hpp"
#include "core/text/utf8.hpp"
#include "proto/fsshare.pb.h"

#include <chrono>
#include <string>
#include <utility>

namespace fsshare {

namespace {

using namespace std::chrono_literals;

watch_events_request from_wire(const v1::WatchEventsRequest& in) {
  return {in.sandbox_id(), in.volume(), in.events_after(), in.only_new(),
          std::chrono::nanoseconds{in.wait_ns()}};
}

void put(const event_caller& in, v1::Caller* out) {
  out->set_uid(in.uid);
  out->set_pid(in.pid);
  out->set_method(in.method);
  out->set_code(static_cast<std::int32_t>(in.code));
  out->set_trace_id(in.trace_id);
}

void put(const kept_event& in, v1::Event* out) {
  const auto& what = in.what;
  const auto& known = entry_of(what.id);
  out->set_number(in.number);
  out->set_time_ns(std::chrono::nanoseconds{in.at.time_since_epoch()}.count());
  out->set_id(std::string{known.name});
  out->set_sandbox_id(valid_utf8(what.sandbox_id));
  out->set_container_id(valid_utf8(what.container_id));
  out->set_share_id(valid_utf8(what.share_id));
  out->set_volume(valid_utf8(what.volume));
  out->set_generation(valid_utf8(what.generation));
  out->set_sentence(valid_utf8(sentence(what)));
  out->set_trouble(known.is_trouble);
  out->set_lag_ns(what.lag.count());
  out->set_failures(what.failures);
  out->set_will_try(what.next_try.has_value());
  out->set_next_try_ns(what.next_try.value_or(0ns).count());
  if (what.caller)
    put(*what.caller, out->mutable_caller());
}

std::string encoded(const event_page& page) {
  v1::WatchEventsReply out;
  for (const auto& each : page.events)
    put(each, out.add_events());
  out.set_events_next(to_string(page.next));
  out.set_lost(page.lost);
  out.set_restarted(page.is_restarted);
  out.set_more(page.has_more);
  return out.SerializeAsString();
}

} // namespace

void watch_events_call(const api_context& with, const bytes& payload,
                       const api_answer& answer) {
  const auto decoded = decode_request<v1::WatchEventsRequest>(payload);
  if (!decoded)
    return answer({}, decoded.err());
  const auto request = checked(from_wire(*decoded));
  if (!request)
    return answer({}, request.err());
  const api_subject subject{request->sandbox_id, {}};
  if (!with.events)
    return answer(subject, error{errc::unavailable, "no events are kept"});
  // checked() has read it.
  const auto after = *parse_event_cursor(request->events_after);
  ask(with.self, with.events,
      watch_events{with.connection,
                   {request->sandbox_id, request->volume},
                   after,
                   request->only_new,
                   request->wait})
    .then(
      [answer, subject](const event_page& page) {
        answer(subject, encoded(page));
      },
      [answer, subject](const caf::error& why) {
        answer(subject, from_caf(why));
      });
}

} // namespace fsshare
