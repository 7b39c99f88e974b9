// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/owner_types.hpp"
#include "core/pacing.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// What OWNERS has to do.
struct watch_process {
  process_identity process;
  friend bool operator==(const watch_process&, const watch_process&) = default;
};
struct unwatch_process {
  process_identity process;
  friend bool operator==(const unwatch_process&, const unwatch_process&)
    = default;
};
struct record_owner {
  std::string sandbox_id;
  recorded_owner_state owner;
  friend bool operator==(const record_owner&, const record_owner&) = default;
};
/// To be logged.
struct owner_is_gone {
  std::string sandbox_id;
  process_identity process;
  friend bool operator==(const owner_is_gone&, const owner_is_gone&) = default;
};
struct end_sandbox {
  std::string sandbox_id;
  friend bool operator==(const end_sandbox&, const end_sandbox&) = default;
};
using owner_action = std::variant<watch_process, unwatch_process, record_owner,
                                  owner_is_gone, end_sandbox>;
using owner_actions = std::vector<owner_action>;

/// How many sandboxes have which owner, by owner_status::state.
struct owner_counts {
  std::size_t unknown = 0;
  std::size_t nobody = 0;
  std::size_t alive = 0;
  std::size_t gone = 0;
};

/// Which process each sandbox lives and dies with, which of them are gone, and
/// which sandboxes are ended for that.
///
/// Prepare names the owner, each time anew. Another process that uses the
/// sandbox is remembered as its next owner, so that a one-shot command takes it
/// away from nobody, and one that takes over is not missed. A sandbox whose
/// owner is not known is never ended.
class owner_table {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;

  struct settings {
    /// How long after its owner has gone a sandbox is ended; 0 is never.
    duration grace{0};
    /// Between two tries to end a sandbox that somebody uses.
    backoff_range retries = pacing::orphan_ends;
    std::uint32_t seed = 1;
  };

  explicit owner_table(const settings& with) : settings_(with) {
  }

  /// A request for a sandbox was taken in, also one that will fail: whoever
  /// sent it has all of the grace to go on. Of a sandbox that is not known
  /// nothing is noted.
  /// @param caller Nothing where it is not known.
  owner_actions used(const std::string& sandbox_id,
                     const std::optional<process_identity>& caller,
                     time_point now);

  /// Prepare has succeeded, also a repeated one.
  owner_actions prepared(const std::string& sandbox_id,
                         const named_owner& owner);

  /// An earlier process knew the sandbox.
  /// @param pid_namespace That numbers of processes are of here; empty where
  ///        that cannot be told.
  owner_actions restored(const std::string& sandbox_id,
                         const recorded_owner_state& owner,
                         const std::string& pid_namespace);

  /// Nothing is left of the sandbox.
  owner_actions removed(const std::string& sandbox_id);

  /// A process that is watched has ended.
  owner_actions ended(const process_identity& process, time_point now);

  /// Returns the sandboxes that are to be ended now, each once: kept() or
  /// removed() follows.
  owner_actions due(time_point now);

  /// A sandbox could not be ended; it is tried again later.
  /// @returns whether that was for another reason than the last time.
  bool kept(const std::string& sandbox_id, const std::string& why,
            time_point now);

  /// Returns when due() has something.
  std::optional<time_point> next_due() const;

  /// Returns nothing for a sandbox that is not known.
  std::optional<owner_status> describe(const std::string& sandbox_id,
                                       time_point now) const;

  owner_counts count() const;

private:
  struct living {
    process_identity process;
    /// Who used the sandbox last beside it; perhaps gone by now.
    std::optional<process_identity> next = std::nullopt;
  };
  struct gone {
    gone_owner owner;
    /// When the sandbox is ended; nothing while that is under way, or never.
    std::optional<time_point> due;
    backoff retry;
    std::string kept_because = {};
  };
  using owner_state = std::variant<unknown_owner, no_owner, living, gone>;

  owner_actions set(const std::string& sandbox_id, owner_state owner);
  gone gone_since(const process_identity& process, time_point since) const;
  static recorded_owner_state record_of(const owner_state& owner);

  settings settings_;
  std::map<std::string, owner_state> sandboxes_;
  /// The sandboxes of each process that is watched.
  std::map<process_identity, std::set<std::string>> watched_;
};

} // namespace fsshare
