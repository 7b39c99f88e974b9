// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/control_client.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fsshare::bench {

/// A node agent with some sandboxes in copy mode, and their guests.
class node_of_many {
public:
  /// @param guests How many stand-ins serve the sandboxes by turns.
  node_of_many(int sandboxes, int guests,
               const std::vector<std::string>& guest_options);

  /// Shares a volume with a sandbox, counted from 0.
  /// @returns where its copy lies.
  std::string share(const std::string& source, int sandbox);

  test::child_process& guest(int number) {
    return guests_.at(static_cast<std::size_t>(number))->process();
  }
  /// Returns the id of a sandbox, counted from 0.
  static std::string id_of(int sandbox);
  /// Returns where calls are taken.
  const std::string& socket() const {
    return node_.socket();
  }
  int pid() {
    return node_.program().pid();
  }

private:
  test::guest_process& guest_of(int sandbox) {
    return *guests_.at(static_cast<std::size_t>(sandbox) % guests_.size());
  }

  std::vector<std::unique_ptr<test::guest_process>> guests_;
  test::node_process node_;
  test::control_client client_;
  int shares_ = 0;
};

} // namespace fsshare::bench
