// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"
#include "ctl/conversation.hpp"
#include "ctl/program.hpp"
#include "proto/fsshare.pb.h"

#include <cstdint>
#include <string>

namespace fsshare::ctl {

/// Returns a moment in UTC with milliseconds, such as
/// `2026-01-31T12:00:00.250Z`.
/// @param unix_ns Since the start of 1970.
std::string time_text(std::int64_t unix_ns);

/// Returns what an event is about and says, in one line without its end.
std::string event_line(const v1::Event& event);

/// Says what a page of events does not have; nothing if it has all.
/// @param is_first Whether none was asked for before it.
std::string missing_line(const v1::WatchEventsReply& page, bool is_first);

/// Asks for a page of events.
call_outcome ask_events(const invocation& asked, const surroundings& with,
                        const v1::WatchEventsRequest& request,
                        v1::WatchEventsReply& into);

/// Asks for all events that are kept, page by page, without waiting.
call_outcome ask_all_events(const invocation& asked, const surroundings& with,
                            v1::WatchEventsRequest request,
                            v1::WatchEventsReply& into);

} // namespace fsshare::ctl
