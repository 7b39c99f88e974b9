// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/process_cost.hpp"
#include "bench/suite/sample.hpp"
#include "bench/suite/system_calls.hpp"

#include <chrono>
#include <functional>
#include <unistd.h>
#include <vector>

namespace fsshare::bench {

/// Whose CPU time is that of a side: the node agent's, or our own.
enum class doer { node_agent, caller };

/// Some steps of a place with a node agent, of which one is measured.
template <class Place>
struct measured_steps {
  using step = void (Place::*)();

  doer who;
  std::vector<step> before;
  step measured;
  std::vector<step> after;

  sample run(Place& at) const {
    using clock = std::chrono::steady_clock;
    for (const auto each : before)
      std::invoke(each, at);
    const auto pid = who == doer::node_agent ? at.pid() : ::getpid();
    const cpu_meter cpu{pid};
    const system_calls calls{with_readers(pid)};
    const auto begin = clock::now();
    std::invoke(measured, at);
    sample out;
    out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
    out.system_calls = calls.count().value_or(0);
    out.cpu_seconds = cpu.seconds();
    for (const auto each : after)
      std::invoke(each, at);
    return out;
  }
};

} // namespace fsshare::bench
