// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/churn/churn_sandbox.hpp"
#include "tests/churn/kubelet.hpp"
#include "tests/support/control_client.hpp"

#include <cstddef>
#include <string>

namespace fsshare::churn {

/// Compares what is in the guests with what should be there. Each function
/// returns lines for people, at most a screenful; none if all is well.
class copy_audit {
public:
  copy_audit(const kubelet& host, const sandbox_list& sandboxes,
             test::control_client& client)
    : host_(host), sandboxes_(sandboxes), client_(client) {
  }

  /// Says what is not yet as it should be, by names alone: copies whose
  /// `..data` is behind or that fsshared does not call current, old
  /// generations, links of deleted keys, copies of shares that ended. What a
  /// guest agent cannot remove must be among what fsshared reports.
  std::string unsettled();

  /// Compares every copy with its volume, byte for byte.
  std::string differences() const;

  /// Returns the number of copies that there should be.
  std::size_t copies() const;

  /// Returns the number of volumes that have some.
  std::size_t shared_volumes() const;

private:
  const kubelet& host_;
  const sandbox_list& sandboxes_;
  test::control_client& client_;
};

} // namespace fsshare::churn
