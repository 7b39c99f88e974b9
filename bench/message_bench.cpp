// SPDX-License-Identifier: Apache-2.0
#include "actors/memory_budget.hpp"
#include "main/actor_settings.hpp"
#include "main/actor_wiring.hpp"

#include <cstdlib>

#include <benchmark/benchmark.h>

using namespace fsshare;

namespace {

/// A request to an actor that has hardly anything to do, and its reply, between
/// threads of the scheduler: what every hop costs at least.
void request_and_reply(benchmark::State& state) {
  actor_settings settings{[](const actor_death&) {
    std::abort();
  }};
  caf::actor_system system{settings};
  const memory_budget_actor budget = system.spawn<memory_budget>(1U << 20U);
  const caf::scoped_actor self{system};
  while (state.KeepRunning())
    self->request(budget, caf::infinite, memory_status_request{})
      .receive(
        [](const memory_status& got) {
          benchmark::DoNotOptimize(got.total_bytes);
        },
        [&state](const caf::error&) {
          state.SkipWithError("no reply");
        });
  stop(budget);
}
BENCHMARK(request_and_reply)->UseRealTime();

} // namespace
