// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/control_client.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fsshare::bench {

/// A node agent for many sandboxes that have nothing yet, and a directory for
/// what they consist of made with no node agent, in a mount namespace of their
/// own. Throws what it cannot do.
class prepare_place {
public:
  explicit prepare_place(int sandboxes);

  void prepare_shared();
  void prepare_copy();
  void cleanup();

  /// The directories and the two mounts of each by bare calls.
  void make_bare();
  void remove_bare();

  int pid() {
    return node_->program().pid();
  }

private:
  test::private_mounts work_;
  std::vector<std::string> ids_;
  std::string bare_dir_;
  std::optional<test::node_process> node_;
  std::optional<test::control_client> client_;
};

} // namespace fsshare::bench
