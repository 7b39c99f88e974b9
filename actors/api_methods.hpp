// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "messages/api_server.hpp"
#include "messages/node.hpp"
#include "messages/owners.hpp"

#include <functional>
#include <map>
#include <string>

namespace fsshare {

/// What a call is about, as far as its request says.
struct api_subject {
  std::string sandbox;
  std::string container;
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
  named_owner caller;
};

/// Decodes a request, checks it and passes it on to NODE. `answer` is called
/// once: at once where the request is refused, otherwise when NODE answers.
using api_method = void (*)(const api_context& with, const bytes& payload,
                            const api_answer& answer);

/// Returns the methods of service `fsshare.v1.FilesystemShare` that NODE
/// answers, by name.
const std::map<std::string, api_method, std::less<>>& api_methods();

} // namespace fsshare
