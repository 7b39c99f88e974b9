// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_volume.hpp"
#include "core/copy/copy_schedule.hpp"
#include "core/copy/copy_window.hpp"
#include "ttrpc/client_session.hpp"
#include "ttrpc/copy_file.hpp"

#include <deque>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

using namespace fsshare;
using namespace fsshare::bench;

namespace {

/// From the step of a plan to the bytes of its request.
/// Argument: the size of the file.
void encode_copy_file(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  copy_step step;
  step.type = entry_type::file;
  step.path = "/run/kata-containers/shared/containers/c-0123456789abcdef/key";
  step.mode = 0644;
  step.size = size;
  const bytes content(size, 'x');
  ttrpc::client_session session;
  const ttrpc::client_session::time_point now{};
  while (state.KeepRunning()) {
    const auto head = ttrpc::copy_file_head(step, 0, size);
    benchmark::DoNotOptimize(
      session.call(ttrpc::agent_service, ttrpc::copy_file_method,
                   {head, content}, std::chrono::seconds{60}, now));
    benchmark::DoNotOptimize(session.take_output());
    session.abandon_all();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_copy_file)->Arg(0)->Arg(1 << 10)->Arg(1 << 20);

/// A hundred frames of that size, in one piece.
void decode_frames(benchmark::State& state) {
  constexpr int frames = 100;
  const auto size = static_cast<std::uint32_t>(state.range(0));
  bytes data;
  for (std::uint32_t n = 0; n < frames; ++n) {
    const auto head
      = ttrpc::encode_frame_header({size, 2 * n + 1, ttrpc::response_frame, 0});
    data.insert(data.end(), head.begin(), head.end());
    data.insert(data.end(), size, 'x');
  }
  ttrpc::frame_decoder decoder;
  while (state.KeepRunning())
    benchmark::DoNotOptimize(decoder.receive(data));
  state.SetItemsProcessed(state.iterations() * frames);
}
BENCHMARK(decode_frames)->Arg(0)->Arg(1 << 10);

/// Argument: keys of the volume.
void plan_rotation(benchmark::State& state) {
  const auto volume = volume_of(static_cast<int>(state.range(0)), 1);
  const auto guest = profile_of("4.1.0");
  while (state.KeepRunning())
    benchmark::DoNotOptimize(plan_push(*volume, push_of(*volume), guest));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(plan_rotation)->Arg(10)->Arg(500);

/// Hands out all requests of a rotation as the window lets them, and takes
/// their answers in order. Argument: keys of the volume.
void schedule_rotation(benchmark::State& state) {
  const auto volume = volume_of(static_cast<int>(state.range(0)), 1);
  const auto plan = std::make_shared<const copy_plan>(
    plan_push(*volume, push_of(*volume), profile_of("4.1.0")));
  constexpr std::uint64_t most_bytes = 8 << 20;
  copy_window::time_point now{};
  while (state.KeepRunning()) {
    copy_schedule schedule{plan};
    copy_window window{copy_window::most_requests, most_bytes};
    std::deque<std::pair<std::uint64_t, copy_window::flight>> under_way;
    while (!schedule.done()) {
      while (window.may_send(0))
        if (const auto next = schedule.next(window.free_bytes()))
          under_way.emplace_back(next->id, window.sent(next->length, now));
        else
          break;
      now += std::chrono::microseconds{10};
      schedule.acknowledge(under_way.front().first);
      window.answered(under_way.front().second, now);
      under_way.pop_front();
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(schedule_rotation)->Arg(10)->Arg(500);

} // namespace
