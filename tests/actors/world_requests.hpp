// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/node_world.hpp"

#include <cstddef>
#include <string>

/// Requests to a node_world, and what became of them.
namespace fsshare::test {

template <class T>
errc code(const result<T>& got) {
  return got ? errc::none : got.err().code;
}

template <class T>
std::string message(const result<T>& got) {
  return got ? "" : got.err().message;
}

/// Lets some steps happen, at random.
inline void run_some(node_world& w, std::size_t most) {
  for (auto steps = w.choose.pick(most); steps > 0 && w.step(); --steps) {
  }
}

/// Returns the request to share a directory that is no volume, to be copied
/// once; makes it, with so many files.
inline share_file_request tree_request(node_world& w, int files) {
  auto request = w.volume_request("s1", "c1", "cm");
  request.mount.source = w.dir.make_dir("tree");
  request.mount.destination = "/tree";
  for (int n = 0; n < files; ++n)
    w.dir.write("tree/f" + std::to_string(n), "text");
  return request;
}

inline unshare_file_request end_of(const std::string& share_id) {
  unshare_file_request request;
  request.sandbox_id = "s1";
  request.share_id = share_id;
  return request;
}

/// Ends a share; time passes until that is answered.
inline unshare_file_reply unshare(node_world& w, const std::string& share_id) {
  auto reply = w.ask_over_time<unshare_file_reply>(end_of(share_id));
  REQUIRE_MESSAGE(reply, message(reply));
  return *reply;
}

} // namespace fsshare::test
