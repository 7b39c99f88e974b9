// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include "core/net/guest_address.hpp"

#include <optional>
#include <string>

namespace fsshare::bench {

/// Whether the peer renders each request to JSON, as the peer's model does.
enum class rendering { json, none };

/// A running bench/peers, which copies to one guest.
class serial_peer {
public:
  /// Starts it; throws if it does not come to listen.
  serial_peer(const guest_address& guest, rendering renders);

  /// Copies a file or directory, and keeps a volume up to date from then on.
  /// @param name Its name in the guest's share.
  void share(const std::string& source, const std::string& name);

  int pid() const {
    return program_->pid();
  }

private:
  test::temp_dir dir_;
  std::optional<test::child_process> program_;
  unique_fd control_;
};

} // namespace fsshare::bench
