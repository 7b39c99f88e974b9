// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/mount_namespace.hpp"
#include "sys/process/bounded_calls.hpp"

#include <memory>
#include <utility>

namespace fsshare {

/// The time in which MOUNTER works in the mount namespace of a sandbox: its
/// thread is there, its bounded calls go there, too, and the share root is the
/// one that the processes there see. Nothing of it is held afterwards but by a
/// call that hangs.
class namespace_stay {
public:
  /// @param own The share root of the node agent's own namespace; the same
  ///        directory has to be at its path there.
  /// @returns as open_same_namespace() and enter(); what is wrong with the
  ///          share root is `errc::failed_precondition`.
  static result<std::unique_ptr<namespace_stay>>
  begin(const mount_namespace& where, const held_root& own,
        bounded_calls& calls);

  ~namespace_stay();
  namespace_stay(const namespace_stay&) = delete;
  namespace_stay& operator=(const namespace_stay&) = delete;

  const held_root& root() const {
    return root_;
  }
  /// Whether it was told by a number that is never given out again.
  bool is_certain() const {
    return is_certain_;
  }

private:
  namespace_stay(opened_namespace_ptr opened,
                 std::unique_ptr<entered_namespace> inside, held_root root,
                 bounded_calls& calls, bool is_certain);

  opened_namespace_ptr opened_;
  std::unique_ptr<entered_namespace> inside_;
  held_root root_;
  bounded_calls& calls_;
  bool is_certain_;
};

} // namespace fsshare
