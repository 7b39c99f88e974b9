// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

/// Bits of an event's mask, with the values of inotify(7).
namespace inotify_mask {
inline constexpr std::uint32_t attrib = 0x4;
inline constexpr std::uint32_t moved_to = 0x80;
inline constexpr std::uint32_t created = 0x100;
inline constexpr std::uint32_t removed = 0x200;
inline constexpr std::uint32_t delete_self = 0x400;
inline constexpr std::uint32_t move_self = 0x800;
inline constexpr std::uint32_t unmount = 0x2000;
inline constexpr std::uint32_t queue_overflow = 0x4000;
inline constexpr std::uint32_t ignored = 0x8000;
/// In add requests only: fail unless the path is a directory.
inline constexpr std::uint32_t only_directory = 0x1000000;
/// In add requests only: events beside those of a watch that is there.
inline constexpr std::uint32_t mask_add = 0x20000000;
inline constexpr std::uint32_t is_directory = 0x40000000;
} // namespace inotify_mask

/// Fixed part of `struct inotify_event`, in host byte order: wd, mask, cookie,
/// len, 4 bytes each; `len` bytes of name, padded with NULs, follow.
inline constexpr std::size_t inotify_header_bytes = 16;

/// What happened to a watched directory or to an entry of it.
struct inotify_event {
  /// The watch; -1 if the event belongs to none, as an overflow.
  int wd = -1;
  std::uint32_t mask = 0;
  /// Equal in the two events of one rename; 0 otherwise.
  std::uint32_t cookie = 0;
  /// The entry's name; empty if the directory itself is meant.
  std::string name;

  friend bool operator==(const inotify_event&, const inotify_event&) = default;
};

struct decoded_events {
  std::vector<inotify_event> events;
  /// False if the bytes end inside an event: what followed is lost, as in an
  /// overflow.
  bool complete = true;
};

/// Decodes what one read(2) from an inotify descriptor returned. Any bytes are
/// accepted.
decoded_events decode_inotify(byte_view data);

} // namespace fsshare
