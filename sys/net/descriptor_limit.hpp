// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/net/io_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace fsshare {

/// Raises the soft limit of open files to the hard one (RLIMIT_NOFILE of
/// getrlimit(2)), but not beyond a million. Services and containers begin with
/// 1,024.
/// @returns the limit that is in force.
std::size_t raise_descriptor_limit();

/// What the number of a new descriptor tells of those that are left: the kernel
/// gives the lowest that is free.
enum class descriptor_room : std::uint8_t {
  enough,
  /// Only those are left that are kept for work that ends something.
  few,
  /// Half of these are left.
  almost_none
};

descriptor_room room_after(int fd);

/// Tells when descriptors become few and when that is over. Connections are
/// what others can make many: they may use only what is not kept, so that
/// mounting, unmounting and reading go on. Used in the thread of the loop only.
class descriptor_gauge {
public:
  using report = std::function<void(descriptor_room)>;

  /// @param loop Must outlive the gauge.
  /// @param tell Called each time that few are left, and once with `enough`
  ///        when that is over.
  descriptor_gauge(io_loop& loop, report tell);

  /// Looks at a descriptor that was just opened.
  descriptor_room look_at(int fd);

  /// Notes that the kernel gave none (EMFILE, ENFILE).
  void ran_out();

private:
  struct watcher;
  // What the loop still has to do shares it.
  std::shared_ptr<watcher> watcher_;
};

} // namespace fsshare
