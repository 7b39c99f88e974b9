// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/api_methods.hpp"

/// What calls of the control API have to do with EVENTS.
namespace fsshare {

/// WatchEvents: an api_method that EVENTS answers.
void watch_events_call(const api_context& with, const bytes& payload,
                       const api_answer& answer);

} // namespace fsshare
