// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/guest_process.hpp"
#include "tests/support/hanging_fuse.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace fsshare::siege {

/// What is asked of a source that does not answer.
enum class source_use : std::uint8_t {
  /// A bind share of its root, in a sandbox with a shared filesystem.
  bind,
  /// A copy of its tree.
  tree,
  /// A volume, which was copied before it stopped answering.
  volume,
};

std::string_view to_string(source_use what);

/// A filesystem that stops answering, and the shim of a sandbox that asks for
/// it again and again; the guest agent is an honest one.
class hung_source {
public:
  /// Mounts it, prepares the sandbox, and lets the filesystem hang; throws what
  /// fails.
  /// @param socket Of the control API.
  /// @param dir An empty directory of its own.
  /// @param number Tells one from the other, and decides how it is used.
  hung_source(const std::string& socket, const std::string& dir,
              std::size_t number);
  ~hung_source();
  hung_source(const hung_source&) = delete;
  hung_source& operator=(const hung_source&) = delete;

  source_use how() const {
    return how_;
  }
  /// Returns how many requests were made.
  std::size_t requests() const {
    return requests_;
  }

private:
  void prepare(const std::string& socket);
  void run(const std::string& socket);

  source_use how_;
  std::string id_;
  test::hanging_fuse files_;
  std::string source_;
  test::guest_process guest_;
  std::atomic<bool> is_ending_{false};
  std::atomic<std::size_t> requests_{0};
  std::thread shim_;
};

} // namespace fsshare::siege
