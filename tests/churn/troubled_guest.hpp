// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_profile.hpp"
#include "tests/churn/random_payload.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/guest_profiles.hpp"

#include <cstdint>
#include <string>

namespace fsshare::churn {

/// What a guest does beside its work.
enum class trouble : std::uint8_t {
  none,
  /// Each request takes a while.
  slow,
  /// Requests fail, connections end, requests happen after the end of their
  /// connection, the guest agent hangs or is started again.
  faults,
};

/// A guest whose guest agent can be started again, each time with other faults.
class troubled_guest {
public:
  /// @param profile 3.3, 3.18, 4.0 or 4.2.
  troubled_guest(std::string profile, trouble what);

  /// Kills the guest agent, and starts it with faults drawn from `from`.
  void restart(random_source& from);

  /// Starts it again without the fault that no retry can get over, if it has
  /// that.
  void heal();

  /// Returns the directory that stands for its share.
  const std::string& root() const {
    return process_.root();
  }
  std::string address() const {
    return to_string(process_.address());
  }
  const std::string& profile() const {
    return profile_;
  }
  trouble what() const {
    return what_;
  }
  /// Returns what such guest agents can do.
  guest_profile abilities() const {
    return test::rules_of_release(profile_);
  }
  std::size_t restarts() const {
    return restarts_;
  }
  /// Returns what the guest agent complained about.
  std::string complaints() {
    return process_.process().errors();
  }
  /// Ends the guest agent. @returns its exit code.
  int stop() {
    return process_.process().terminate();
  }

private:
  std::string profile_;
  trouble what_;
  bool hangs_ = false;
  std::size_t restarts_ = 0;
  test::guest_process process_;
};

} // namespace fsshare::churn
