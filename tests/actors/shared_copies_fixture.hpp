// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/node_world.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

/// What is shared by several containers, for the tests of shared copies.
namespace fsshare::test {

// An emptyDir on the host with a file.
inline std::string add_empty_dir(const node_world& w) {
  const std::string dir = "pods/0f6a7c1e-1111-2222-3333-444455556666/volumes/"
                          "kubernetes.io~empty-dir/cache";
  w.dir.write(dir + "/seed", "from the host");
  return w.dir / dir;
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
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator{w.dir / "guest-s1"})
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

inline void run_some(node_world& w, std::size_t most) {
  for (auto steps = w.choose.pick(most); steps > 0 && w.step(); --steps) {
  }
}

inline unshare_file_request end_of(const std::string& share_id) {
  unshare_file_request request;
  request.sandbox_id = "s1";
  request.share_id = share_id;
  return request;
}

} // namespace fsshare::test
