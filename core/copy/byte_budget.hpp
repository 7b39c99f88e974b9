// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace fsshare {

/// What bytes of memory are for.
enum class budget_use : std::uint8_t {
  /// An update of what a guest already has.
  rotation,
  /// Anything that a guest gets for the first time.
  first_copy,
};

/// Shares a number of bytes out among all who hold contents in memory.
///
/// There are three lanes: rotations, first copies, and large requests of either
/// kind. An eighth of the bytes is kept for each; the rest is anybody's,
/// strictly first come first served. So no flood in one lane delays another one
/// that has room in its eighth, and nobody starves. Within a lane, requests are
/// served in their order, the large ones of rotations first, but for those of
/// an owner who holds much while little is left: these wait until he gives back
/// or others do, so that no number of owners who never give back takes
/// everything before others had something (cf. dynamic thresholds of shared
/// packet buffers, Choudhury and Hahne 1998). A request that could never be
/// served is served when nothing else of its lane is held.
///
/// Passive. Whoever owns it tells each request when it became a lease.
class byte_budget {
public:
  /// @param total bytes, at least fewest_bytes.
  explicit byte_budget(std::uint64_t total);

  static constexpr std::uint64_t fewest_bytes = std::uint64_t{16} << 20;

  /// Asks for bytes.
  /// @param id unique and larger than those before.
  /// @param owner who holds them; 0 for nobody in particular, who may hold any
  ///        number.
  void ask(std::uint64_t id, std::uint64_t owner, std::uint64_t bytes,
           budget_use use);

  /// Returns which requests are leases from now on, in that order.
  std::vector<std::uint64_t> grant();

  /// Notes that less is held than was asked for; 0 ends the lease, or the
  /// request. Unknown ids, and more than is held, change nothing.
  void shrink(std::uint64_t id, std::uint64_t bytes);

  /// Bytes of all leases.
  std::uint64_t used() const {
    return used_;
  }
  std::uint64_t total() const {
    return total_;
  }
  std::size_t waiting() const;

private:
  enum class lane_name : std::uint8_t { rotations, first_copies, large };
  static constexpr std::size_t lanes = 3;

  struct request {
    std::uint64_t id = 0;
    std::uint64_t owner = 0;
    std::uint64_t bytes = 0;
    budget_use use = budget_use::first_copy;
  };
  struct lease {
    std::uint64_t owner = 0;
    std::uint64_t bytes = 0;
    std::size_t lane = 0;
  };
  struct lane {
    std::uint64_t used = 0;
    std::deque<request> waiting;
  };

  std::size_t lane_of(std::uint64_t bytes, budget_use use) const;
  std::uint64_t beyond_kept(std::uint64_t used) const {
    return used > kept_ ? used - kept_ : 0;
  }
  bool is_fair(const request& wanted) const;
  bool fits(const lane& in, std::uint64_t bytes) const;
  std::optional<std::size_t> first_fair(const lane& in) const;
  std::optional<std::uint64_t> grant_one();
  std::uint64_t begin(std::size_t lane_index, std::size_t position);

  std::uint64_t total_;
  /// Of each lane.
  std::uint64_t kept_;
  /// Anybody's.
  std::uint64_t shared_;
  std::uint64_t used_ = 0;
  std::array<lane, lanes> lanes_;
  std::map<std::uint64_t, lease> leases_;
  std::map<std::uint64_t, std::uint64_t> held_by_;
};

} // namespace fsshare
