// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/actors/world_requests.hpp"
#include "tests/support/copied_volume.hpp"
#include "tests/support/node_world.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

/// What is shared by several containers, for the tests of shared copies.
namespace fsshare::test {

/// Where the emptyDir lies in the directory of the world.
inline const std::string empty_dir
  = "pods/0f6a7c1e-1111-2222-3333-444455556666/volumes/"
    "kubernetes.io~empty-dir/cache";

// An emptyDir on the host with a file.
inline std::string add_empty_dir(const node_world& w) {
  w.dir.write(empty_dir + "/seed", "from the host");
  return w.dir / empty_dir;
}

inline share_file_request request_for(const std::string& container,
                                      const std::string& source,
                                      const std::string& destination) {
  share_file_request request;
  request.sandbox_id = "s1";
  request.container_id = container;
  request.mount = {source, destination, "bind", {}, false};
  return request;
}

// Returns the names of all that is in the guest's share.
inline std::vector<std::string> guest_names(const node_world& w) {
  const auto names = entries_of(w.dir / "guest-s1");
  return {names.begin(), names.end()};
}

} // namespace fsshare::test
