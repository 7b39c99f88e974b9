// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/owner_types.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace fsshare {

/// Tells one process from another, and when one ends. The seam between OWNERS
/// and the kernel.
class process_watch {
public:
  virtual ~process_watch() = default;

  /// Tells the PID namespace that numbers of processes are of here.
  /// @returns why it cannot be told; then no process can.
  virtual result<std::string> pid_namespace() const = 0;

  /// Returns the process that has this number here.
  /// @returns `errc::not_found` where none has, and why that cannot be told.
  virtual result<process_identity> identify(std::int32_t pid) const = 0;

  /// Returns the process that another one calls by this number.
  /// @returns as identify(), and `errc::failed_precondition` where that one
  ///          lives in another PID namespace.
  virtual result<process_identity> identify_for(const process_identity& caller,
                                                std::int32_t pid) const = 0;

  using on_end = std::function<void(const process_identity&)>;

  /// Calls `ended` once, from any thread, when the process has ended: at once
  /// where it has, perhaps before returning. Not again while it is watched.
  virtual void watch(const process_identity& process, on_end ended) = 0;

  /// Ends that; `ended` may still be called. Idempotent.
  virtual void unwatch(const process_identity& process) = 0;
};

} // namespace fsshare
