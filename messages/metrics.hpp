// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/metrics/guest_counters.hpp"
#include "core/metrics/metric_set.hpp"
#include "core/text/labels.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fsshare {

struct describe_metrics {};
struct metrics_part {
  metric_set metrics;
};

struct describe_guest {};
struct guest_described {
  guest_measure measure;
};

/// A GUEST PROXY has ended.
struct guest_ended {
  /// Of the actor.
  std::uint64_t id = 0;
  guest_counters counted;
};

struct scrape {};
struct scraped {
  /// Prometheus's text format.
  std::shared_ptr<const std::string> text;
};

struct check_ready {};
/// What was looked at, and what is wrong with it.
struct ready_report {
  struct check {
    std::string name;
    /// Empty if all is well.
    std::string failure;
  };
  std::vector<check> checks;
};

struct now_serving {
  bool is_serving = true;
};

struct scrape_tick {
  std::uint64_t round = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(metrics, 15, describe_metrics, metrics_part, describe_guest,
                 guest_described, guest_ended, scrape, scraped, check_ready,
                 ready_report, now_serving, scrape_tick)

namespace fsshare {

/// What every actor takes that counts something.
using metrics_source = caf::typed_actor<
  // What was counted and measured? Answered at once; fails only with the actor.
  rpc<describe_metrics, metrics_part>>;

/// The interface of an actor with that.
template <class Actor>
using measured =
  typename Actor::template extend<rpc<describe_metrics, metrics_part>>;

/// What GUEST PROXY takes for it: there are many.
using guest_source = caf::typed_actor<
  // What was counted, and how is the guest? Answered at once; fails only with
  // the proxy.
  rpc<describe_guest, guest_described>>;

struct add_guest {
  std::string sandbox_id;
  guest_source source;
  /// Of the sandbox.
  pod_name pod = {};
};

/// Where a GUEST PROXY leaves what it has counted.
using guest_heir = caf::typed_actor<msg<guest_ended>>;

struct add_source {
  /// Its name, such as `registry`; several may have the same.
  std::string actor;
  metrics_source source;
};

} // namespace fsshare

FSSHARE_MESSAGES(metrics_sources, 16, add_source, add_guest)

namespace fsshare {

/// METRICS: one per process; asks every actor what it has counted.
using metrics_actor = caf::typed_actor<
  // An actor is to be asked from now on, until it ends.
  msg<add_source>,
  // The same of a GUEST PROXY, which tells its end.
  msg<add_guest>,
  // What a proxy has counted goes on counting.
  msg<guest_ended>,
  // Calls of the control API are taken, or not any more.
  msg<now_serving>,
  // What do all count? Answered when all have said it, after a second without
  // those that have not. What was found less than half a second ago is told
  // again.
  rpc<scrape, scraped>,
  // Are calls taken, and do all actors answer? Answered as above.
  rpc<check_ready, ready_report>,
  // INTERNAL: a scrape has waited for long enough.
  msg<scrape_tick>>;

} // namespace fsshare
