// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <variant>

/// The owner of a sandbox: the process that it lives and dies with, mostly who
/// called Prepare.
namespace fsshare {

/// Tells a process from all others of this run of the kernel: numbers of
/// processes are used again.
struct process_identity {
  /// In the PID namespace below.
  std::int32_t pid = 0;
  /// In ticks since the boot (field 22 of /proc/PID/stat, proc(5)).
  std::uint64_t start_time = 0;
  /// Tells one PID namespace from those before and beside it.
  std::string pid_namespace;

  friend auto operator<=>(const process_identity&, const process_identity&)
    = default; // NOLINT(modernize-use-nullptr): in what the compiler makes
};

/// It cannot be told whether the owner lives; it counts as alive.
struct unknown_owner {
  std::string reason;

  friend bool operator==(const unknown_owner&, const unknown_owner&) = default;
};

/// Prepare says that the sandbox lives until Cleanup.
struct no_owner {
  friend bool operator==(const no_owner&, const no_owner&) = default;
};

/// Who owns a sandbox, as its last Prepare says.
using named_owner = std::variant<unknown_owner, no_owner, process_identity>;

/// A process that has ended.
struct gone_owner {
  using time_point = std::chrono::steady_clock::time_point;

  process_identity process;
  /// When it was found to be gone.
  time_point since;

  friend bool operator==(const gone_owner&, const gone_owner&) = default;
};

/// What outlives this process about the owner of a sandbox.
using recorded_owner_state
  = std::variant<unknown_owner, no_owner, process_identity, gone_owner>;

/// What Prepare says of the owner. At most one of both is given; with none it
/// is who asks.
struct owner_terms {
  /// As the caller's PID namespace has it; 0 if none is named.
  std::uint32_t pid = 0;
  /// The sandbox has none.
  bool nobody = false;
};

/// @returns `errc::invalid_argument` with a sentence that names the field.
status check(const owner_terms& terms);

/// What is said of the owner of a sandbox.
struct owner_status {
  enum class state : std::uint8_t { unknown, nobody, alive, gone };

  state is = state::unknown;
  /// 0 for none.
  std::int32_t pid = 0;
  /// How long it has been gone.
  std::chrono::nanoseconds gone_for{0};
  /// When the sandbox is ended, or that is tried again; negative for never.
  std::chrono::nanoseconds ends_in{-1};
  /// Why it is unknown, or why the sandbox could not be ended.
  std::string reason = {};

  friend bool operator==(const owner_status&, const owner_status&) = default;
};

} // namespace fsshare
