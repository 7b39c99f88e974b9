// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/control_client.hpp"
#include "tests/support/hanging_fuse.hpp"
#include "tests/support/private_mounts.hpp"

#include <optional>
#include <string>
#include <thread>

namespace fsshare::bench {

/// Whether a source answers.
enum class source_state { answers, hangs };

/// A mount namespace with a volume on a file system that can hang. To be made
/// before the node agent that is to see it. Throws what it cannot do.
class hung_volume {
public:
  hung_volume();

  /// Whether there can be one here: FUSE, for root.
  static bool is_possible();

  /// Has a sandbox share it once more, as long as this lives; where it hangs,
  /// that waits for it already.
  class use {
  public:
    use(hung_volume& of, const std::string& socket, std::string sandbox,
        source_state does);
    /// Lets it answer, waits for the share, and ends that.
    ~use();
    use(const use&) = delete;
    use& operator=(const use&) = delete;

  private:
    hung_volume& of_;
    std::string sandbox_;
    test::control_client client_;
    std::jthread shares_;
  };

private:
  void await_hang();

  test::private_mounts work_;
  std::optional<test::hanging_fuse> files_;
};

} // namespace fsshare::bench
