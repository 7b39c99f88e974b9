// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "messages/api_server.hpp"
#include "messages/events.hpp"
#include "messages/node.hpp"
#include "messages/owners.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace fsshare {

/// What a call is about, as far as its request says.
struct api_subject {
  std::string sandbox;
  std::string container;
  /// Whether its request was to change something, and was passed on.
  enum class purpose : std::uint8_t { look, change };
  purpose is_to = purpose::look;
};

/// Gets the encoded reply to a call, or why there is none.
using api_answer
  = std::function<void(const api_subject&, const result<std::string>&)>;

/// Who works for a call, and for whom.
struct api_context {
  api_server_actor::pointer self;
  node_actor node;
  /// Null where sandboxes have no owners.
  owners_actor owners;
  /// Null where nobody keeps events.
  events_actor events;
  named_owner caller;
  /// The caller's.
  std::uint64_t connection = 0;
};

/// Decodes a request, checks it and passes it on to NODE, or whoever answers
/// it. `answer` is called once: at once where the request is refused, otherwise
/// when that one answers.
using api_method = void (*)(const api_context& with, const bytes& payload,
                            const api_answer& answer);

/// Returns the methods of service `fsshare.v1.FilesystemShare` that NODE or
/// EVENTS answer, by name.
const std::map<std::string, api_method, std::less<>>& api_methods();

} // namespace fsshare
