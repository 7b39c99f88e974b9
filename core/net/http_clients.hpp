// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace fsshare {

/// Which connections there are for HTTP, and which have to go: one request
/// each, in a limited time, and never more than a few.
class http_clients {
public:
  using id = std::uint64_t;
  using time_point = std::chrono::steady_clock::time_point;

  /// Many more than scrapers and probes need.
  static constexpr std::size_t most = 64;

  /// Adds a connection.
  /// @returns who must be disconnected for it: whoever has been silent for
  ///          longest, else whoever has been reading its answer for longest,
  ///          else the newcomer.
  std::optional<id> add(id client, time_point now);

  /// Notes that a client has sent its request.
  void asked(id client);
  /// Notes that a client was sent its answer, and has not taken all of it.
  void answered(id client, time_point now);
  void remove(id client);

  /// Returns those that are to be disconnected: without a request, or with an
  /// answer that was not taken, for too long.
  std::vector<id> overdue(time_point now) const;

  /// Returns whether a client has not taken all of its answer.
  bool is_reading(id client) const;

  /// Returns whether any is waited for: then overdue() is to be asked again,
  /// after pacing::http_look.
  bool has_pending() const;

  std::size_t size() const {
    return clients_.size();
  }

private:
  enum class phase : std::uint8_t { silent, reading, waiting };
  struct entry {
    phase at = phase::silent;
    /// When the phase began.
    time_point since;
  };

  std::optional<id> oldest(phase in) const;

  std::map<id, entry> clients_;
};

} // namespace fsshare
