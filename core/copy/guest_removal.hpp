// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_inventory.hpp"
#include "core/copy/guest_order.hpp"
#include "core/copy/guest_profile.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// How the paths of one removal order are taken away from a guest, whatever its
/// agent and its policy allow:
///
/// - by empty links, of a single file its temporary too;
/// - by an empty regular file in the place of a copy's root whose removal the
///   guest's policy forbids: the guest agent then removes what was there;
/// - by emptying each file, where the guest agent removes nothing.
///
/// Passive: plans what to send next, and takes the answers.
class guest_removal {
public:
  explicit guest_removal(removal_order order);

  /// Returns the first plan. What the order does not say of the paths comes
  /// from `there`.
  copy_plan begin(const guest_profile& guest, const guest_inventory& there);

  /// Takes the answer to the request of a step of the latest plan.
  void answered(std::uint32_t step, const copy_step& what, errc code,
                const std::string& message);

  /// Returns the next plan when all of the latest one was answered, or nothing
  /// when there is no other way.
  std::optional<copy_plan> next();

  /// One for each path, in the order that they were asked for.
  std::vector<removal_result> results() const;

  /// Returns why paths are still there; of no meaning where none is.
  error why() const;

private:
  enum class way : std::uint8_t { by_link, by_file, emptying };
  struct path_state {
    copy_step wanted;
    /// Directly in the shared directory.
    bool is_root = false;
    removal_result result = removal_result::failed;
    /// What the answers to the latest plan make of it so far.
    removal_result so_far = removal_result::removed;
    std::size_t unanswered = 0;
  };

  void add(copy_plan& plan, copy_step step, std::uint32_t path);
  copy_plan begin_emptying(const guest_inventory& there);
  bool is_lost(const std::string& path, errc code,
               const std::string& message) const;
  void note(const std::string& path, const std::string& message);

  guest_profile guest_;
  way way_ = way::by_link;
  std::vector<path_state> paths_;
  std::vector<guest_contents> contents_;
  /// Index into paths_, of each step of the latest plan.
  std::vector<std::uint32_t> path_of_step_;
  std::optional<error> first_error_;
};

} // namespace fsshare
