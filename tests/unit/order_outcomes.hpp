// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_order.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

/// What becomes of orders to a guest.
namespace fsshare::test {

/// When tests of copies begin.
constexpr std::chrono::steady_clock::time_point t0{std::chrono::hours{1}};

inline order_outcome done() {
  order_outcome o;
  o.complete = true;
  o.flip = flip_state::acknowledged;
  return o;
}

inline order_outcome broken(flip_state flip, errc code = errc::unavailable) {
  order_outcome o;
  o.flip = flip;
  o.err = {code, "broken"};
  return o;
}

/// With so many requests sent.
inline order_outcome superseded(std::uint64_t requests = 1) {
  auto o = broken(flip_state::not_sent, errc::aborted);
  o.cause = stop_cause::superseded;
  o.requests = requests;
  return o;
}

inline order_outcome removed(std::size_t n,
                             removal_result result = removal_result::removed) {
  order_outcome o;
  o.removals.assign(n, result);
  o.complete = result == removal_result::removed;
  o.err = {errc::internal, "not removed"};
  return o;
}

} // namespace fsshare::test
