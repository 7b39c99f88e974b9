// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/node_world.hpp"

#include <functional>
#include <set>
#include <string>

namespace fsshare::test {

/// Schedules that each situation is tried under.
constexpr std::uint64_t situation_seeds = 500;

constexpr kubelet_order all_kubelets[] = {
  kubelet_order::to_1_22, kubelet_order::from_1_23, kubelet_order::from_1_27};

/// Files that say their number, one of them with a name that no other number
/// has.
payload numbered(int n);

/// One volume, the kubelet that writes it, and one guest copy.
struct followed_volume {
  /// Writes `files`, then shares the volume.
  followed_volume(node_world& world, const payload& files,
                  guest::profile which = guest::profile::v4_0,
                  kubelet_order order = kubelet_order::from_1_27);

  /// Names in the root of the guest copy.
  std::set<std::string> names() const;
  /// Those of them that are generations.
  std::set<std::string> generations() const;
  /// Content of a file below `..data` in the guest; `-` if there is none.
  std::string content(const std::string& path) const;
  bool is_current() const;

  node_world& w;
  rotator& kubelet;
  sim_guest& guest;
  std::string share_id;
};

/// Rotates the volume of a followed one, whose directory has been made anew,
/// with a kubelet of its own, and checks that every rotation arrives.
/// @param notice Lets the world see the first ones.
void check_followed_anew(followed_volume& v,
                         const std::function<void()>& notice);

/// Returns what the files below a directory hold together.
std::uintmax_t bytes_below(const std::string& dir);

/// Whether the request at the head of some queue of the guest is the flip.
bool has_waiting_flip(const sim_guest& guest);

} // namespace fsshare::test
