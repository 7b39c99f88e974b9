// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace fsshare {

enum class access : std::uint8_t { read_write, read_only };

/// Which system calls mount: those of Linux 5.2 and 5.12, with which a
/// read-only mount is never seen writable, or mount(2).
enum class mount_api_choice : std::uint8_t {
  /// The new ones where the kernel has them.
  automatic,
  new_api,
  classic,
};

/// Whether the program insists that the host sees what it mounts.
enum class visibility_check : std::uint8_t {
  /// It does not start otherwise.
  proven,
  /// The hypervisor runs where the program runs, whatever the host sees.
  assumed,
};

/// Whether mounts below a source come along.
enum class submounts : std::uint8_t { leave, take };

/// How mount events flow into and out of a new mount (mount_namespaces(7)).
enum class propagation : std::uint8_t {
  /// Neither way.
  closed,
  /// From the source to the new mount only.
  slave,
  /// The same, but for later mounts: what is unmounted in the source goes in
  /// the new mount, too, within seconds.
  unmounts,
  /// Both ways within a peer group of the new mount's own, never the source's.
  shared,
};

/// How one bind mount is made. Flags of the source such as nosuid, nodev and
/// noexec are always kept.
struct bind_options {
  fsshare::access access = access::read_write;
  fsshare::submounts submounts = submounts::leave;
  fsshare::propagation propagation = propagation::closed;

  friend bool operator==(const bind_options&, const bind_options&) = default;
};

/// Reads the option words of a container mount, as in mount(8). The last of two
/// contradicting words wins; words that only matter inside the guest, where the
/// runtime applies them, are passed over.
///
/// * `ro`, `rw`: access; a read-only mount stays so whatever the words say.
/// * `bind`, `rbind`: without or with the mounts below the source.
/// * `slave`, `shared` and their `r` forms: later mounts of the host appear in
///   the guest. Nothing that a guest mounts can appear on the host, so that
///   `shared` means `slave`. `private` and `rprivate` undo either. For a
///   read-only mount they mean that what the host unmounts goes: what it mounts
///   later would be writable in it (mount_namespaces(7)).
///
/// @param defaults What holds where no word says otherwise.
bind_options parse_bind_options(std::span<const std::string> words,
                                const bind_options& defaults);

/// Whether a bind is to lose what the host unmounts in its source later.
bool follows_unmounting(const bind_options& options);

/// Returns the words of mount(8), such as `ro,rbind,slave`.
std::string to_string(const bind_options& options);

} // namespace fsshare
