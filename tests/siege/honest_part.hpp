// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/control_client.hpp"
#include "tests/support/data_observer.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/rotation_lag.hpp"
#include "tests/support/rotator.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace fsshare::siege {

/// What honest users got during some time.
struct service_figures {
  /// From the rename on the host to the sight in the guest, sorted.
  std::vector<test::milliseconds> lags{};
  /// Rotations that a newer one overtook.
  std::size_t superseded = 0;
  /// Rotations that never arrived.
  std::size_t lost = 0;
  /// How long Prepare, ShareFile and Cleanup took, each sorted.
  std::vector<test::milliseconds> prepares{};
  std::vector<test::milliseconds> shares{};
  std::vector<test::milliseconds> cleanups{};
  /// Requests that failed, as sentences.
  std::vector<std::string> failures{};
};

/// Returns the value that `percent` of sorted values do not exceed; 0 of none.
test::milliseconds percentile(const std::vector<test::milliseconds>& sorted,
                              std::size_t percent);

/// Sandboxes whose guests do as they should, and their volumes.
class honest_part {
public:
  /// Prepares them and shares a volume with each; throws what fails.
  /// @param dir Where volumes are made.
  honest_part(const std::string& socket, const std::string& dir,
              std::size_t sandboxes);

  /// Rotates one volume after the other, and makes and ends sandboxes with a
  /// shared filesystem, for that long; then waits for the last rotations.
  service_figures serve(std::chrono::seconds time);

private:
  struct one_sandbox {
    test::guest_process guest;
    std::unique_ptr<test::rotator> kubelet{};
    std::size_t observed = 0;
    std::vector<test::made_rotation> made{};
  };

  void add(std::size_t number, const std::string& dir);
  void rotate(one_sandbox& each);
  void make_and_end(service_figures& into);
  void wait_for_last();

  std::string bind_source_;
  test::control_client client_;
  test::data_observer observer_;
  std::vector<std::unique_ptr<one_sandbox>> sandboxes_;
  std::size_t turns_ = 0;
};

} // namespace fsshare::siege
