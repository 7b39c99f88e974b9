// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/guest_process.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::bench {

/// Many sandboxes in copy mode on one node agent, each with ten small volumes;
/// a few stand-ins serve all guests. Throws what it cannot do.
class crowd {
public:
  static constexpr int volumes_each = 10;

  /// @param guests How many stand-ins serve the guests by turns.
  explicit crowd(int guests = 1);

  /// Prepares and shares until there are so many sandboxes.
  /// @returns the seconds that the shares have taken.
  double grow_to(int sandboxes);

  /// Rotates all volumes and waits until every copy shows it.
  /// @returns the seconds since the first rename.
  double rotate_all();

  /// Kills the node agent and starts it again.
  /// @returns the seconds until it takes calls.
  double start_again();

  int pid() {
    return node_->program().pid();
  }

private:
  struct shared_volume {
    test::rotator kubelet;
    std::string copy;
  };

  void add_sandbox(int number);
  bool all_show(const std::string& generation) const;

  test::temp_dir dir_;
  std::vector<std::unique_ptr<test::guest_process>> guests_;
  std::optional<test::killed_node> node_;
  std::optional<test::control_client> client_;
  std::vector<shared_volume> volumes_;
  int sandboxes_ = 0;
  int rotations_ = 0;
  double sharing_ = 0;
};

} // namespace fsshare::bench
