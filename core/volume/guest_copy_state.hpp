// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/skipped_list.hpp"
#include "core/result.hpp"
#include "core/volume/guest_names.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

/// The states of a guest copy, as plain data. See guest_copy for what leads
/// from one to another.
namespace fsshare::copy_state {

/// A push is out.
struct pushing {
  push_effect effect;
  /// Requests that it takes at least.
  std::uint64_t requests = 0;
  /// Entries that it brings beside its generation.
  std::size_t others = 0;
};

enum class direction : std::uint8_t { forward, back };

/// A flip has no acknowledgement: `..data` may name the generation of the push,
/// or none, or the live one. Nothing else is sent until it is settled.
struct unsettled {
  push_effect push;
  /// Why it is not settled.
  error why;
  /// Where the next try flips to: to the push's generation, or to the live one.
  direction next = direction::forward;
  /// Whether the guest is known to have all of its generation, so that `..data`
  /// may be made to name it.
  bool is_whole = true;
};

/// A try to settle is out.
struct settling {
  unsettled flip;
};

/// What the live generation lacks is out.
struct repairing {
  std::set<std::string> links;
};

/// A flip to the live generation is out, because of one that may come late.
struct confirming {};

using order_out = std::variant<pushing, settling, repairing, confirming>;

/// No order that sends is out.
struct idle {};

/// One is.
struct sending {
  order_out order;
};

/// One is that does not know that the guest is empty: what it brings does not
/// count.
struct outdated {
  order_out order;
};

/// The destination ends, and waits for the orders that are out.
struct leaving {
  std::optional<order_out> order;
};

/// The removal of the volume's root is out.
struct removing_root {};

/// A policy forbids that: the removal of all that is in it is due, or out.
struct emptying_root {
  enum class step : std::uint8_t { due, out };
  step at = step::due;
  std::vector<path_reason> leftovers;
};

/// Nothing more is sent.
struct gone {
  /// What is still in the guest, and why.
  std::vector<path_reason> leftovers;
};

using any = std::variant<idle, unsettled, sending, outdated, leaving,
                         removing_root, emptying_root, gone>;

} // namespace fsshare::copy_state
