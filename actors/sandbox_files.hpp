// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/reply_promise.hpp"
#include "messages/sandbox.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace fsshare {

/// Several mounts that SANDBOX shares for one request.
struct shared_files {
  std::string container_id;
  bool all_or_nothing = false;
  /// By mount: its destination, what came of it, and whether it was shared
  /// before.
  std::vector<std::string> destinations;
  std::vector<result<share_file_reply>> outcomes;
  std::vector<bool> known_before;
  std::size_t missing = 0;
  reply_promise<share_files_reply> promise;
};

using files_ptr = std::shared_ptr<shared_files>;

} // namespace fsshare
