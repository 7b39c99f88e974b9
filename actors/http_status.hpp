// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/http_request.hpp"
#include "messages/events.hpp"
#include "messages/http_server.hpp"
#include "messages/node.hpp"
#include "messages/owners.hpp"
#include "messages/registry.hpp"

#include <functional>
#include <string_view>

namespace fsshare {

/// What REGISTRY takes of it.
using volume_source = caf::typed_actor<rpc<describe_volumes, volume_page>>;

/// What EVENTS takes of it.
using event_source = caf::typed_actor<rpc<latest_events, events_told>>;

/// Whom HTTP SERVER asks for what the status page shows; null where nobody is
/// to see it.
struct status_sources {
  node_actor node;
  volume_source registry;
  owners_actor owners;
  event_source events = {};
};

/// Whether a path is the status page's, or of what it reads.
bool is_status_path(std::string_view path);

/// Answers a request for such a path: the page itself, or a part of what it
/// shows, of at most some hundred KiB.
/// @param respond is called once.
void answer_status(http_server_actor::pointer self,
                   const status_sources& sources,
                   const received_request& request,
                   const std::function<void(const http_response&)>& respond);

} // namespace fsshare
