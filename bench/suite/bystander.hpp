// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/guest_address.hpp"
#include "ttrpc/blocking_client.hpp"

#include <stop_token>
#include <thread>
#include <vector>

namespace fsshare::bench {

/// Somebody else who needs the guest agent, too: asks it for its health every
/// few milliseconds over a connection of its own, as long as this lives. What a
/// call takes while nothing else is asked of the guest is measured before.
/// Throws if the guest does not answer.
class bystander {
public:
  explicit bystander(const guest_address& guest);
  ~bystander();
  bystander(const bystander&) = delete;
  bystander& operator=(const bystander&) = delete;

  /// Ends the calls.
  /// @returns by how much 99 of 100 of them took longer at most than alone, in
  ///          seconds.
  double end();

private:
  double check();
  void go_on(const std::stop_token& ends);

  ttrpc::blocking_client client_;
  double alone_ = 0;
  std::vector<double> taken_;
  bool has_failed_ = false;
  std::jthread thread_;
};

} // namespace fsshare::bench
