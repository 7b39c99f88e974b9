// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_volume.hpp"
#include "core/volume/destination_table.hpp"

#include <string>
#include <utility>
#include <variant>

#include <benchmark/benchmark.h>

using namespace fsshare;
using namespace fsshare::bench;

namespace {

constexpr const char* path = "/pods/settings";

/// Does at once whatever the table asks for.
class instant_world {
public:
  explicit instant_world(int destinations) {
    for (int n = 0; n < destinations; ++n)
      table_.add({"s" + std::to_string(n), "c", "share", path,
                  "/g/" + std::to_string(n)},
                 now_);
    settle();
  }

  void rotate() {
    host_ = volume_of(1, ++rotations_);
    table_.hint(path, volume_hint::read_now, now_);
    settle();
    // Old generations are removed some seconds later.
    now_ += std::chrono::seconds{5};
    settle();
  }

private:
  void settle() {
    for (auto actions = table_.advance(now_); !actions.empty();
         actions = table_.advance(now_))
      for (auto& action : actions)
        do_it(action);
  }

  void do_it(const table_action& action) {
    if (const auto* asked = std::get_if<ask_guest>(&action))
      table_.finished(asked->destination, done(*asked), now_);
    if (const auto* asked = std::get_if<ask_volume>(&action))
      answer(*asked);
  }

  void answer(const ask_volume& asked) {
    switch (asked.request) {
    case volume_request::watch:
      table_.watched(asked.ticket, directory_id{1, 2}, now_);
      break;
    case volume_request::read: table_.read(asked.ticket, host_, now_); break;
    case volume_request::look:
    case volume_request::look_closely:
      table_.looked(asked.ticket, volume_look{host_->id.name, host_->id.digest},
                    now_);
      break;
    case volume_request::await: break;
    }
  }

  static order_outcome done(const ask_guest& asked) {
    order_outcome out;
    out.complete = true;
    out.flip = flip_state::acknowledged;
    if (const auto* removal = std::get_if<removal_order>(&asked.order))
      out.removals.assign(removal->steps.size(), removal_result::removed);
    return out;
  }

  destination_table table_{destination_table::settings{}};
  destination_table::time_point now_{std::chrono::hours{1}};
  int rotations_ = 0;
  volume_snapshot_ptr host_ = volume_of(1, 0);
};

/// A rotation, from the event to the orders for every guest and the removal of
/// what was there before.
/// Argument: destinations.
void fan_out(benchmark::State& state) {
  instant_world world{static_cast<int>(state.range(0))};
  while (state.KeepRunning())
    world.rotate();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fan_out)->Arg(1)->Arg(10)->Arg(100);

} // namespace
