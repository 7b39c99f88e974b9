// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_node.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include <benchmark/benchmark.h>

using namespace fsshare::bench;

namespace {

/// A directory in memory, where state files and Secrets lie, too.
class memory_dir {
public:
  memory_dir() {
    std::string made = "/dev/shm/fsshare-bench-XXXXXX";
    if (::mkdtemp(made.data()) != nullptr)
      path_ = made;
  }
  ~memory_dir() {
    std::error_code failed;
    std::filesystem::remove_all(path_, failed);
  }
  memory_dir(const memory_dir&) = delete;
  memory_dir& operator=(const memory_dir&) = delete;

  const std::string& path() const {
    return path_;
  }

private:
  std::string path_;
};

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

/// A rotation of ten keys to one destination with a journal and one without, by
/// turns. The time is that with it; `without_us` and `with_us` are medians,
/// `more_percent` is what it adds.
/// Argument: the round trip to the guest, in milliseconds.
void rotation_lag(benchmark::State& state) {
  const memory_dir dir;
  constexpr std::size_t keys = 10;
  const std::chrono::milliseconds round_trip{state.range(0)};
  bench_node with{dir.path() + "/with", journaling::on, keys, round_trip};
  bench_node without{dir.path() + "/without", journaling::off, keys,
                     round_trip};
  std::vector<double> lags;
  std::vector<double> lags_without;
  const auto rotate = [](bench_node& node, std::vector<double>& into) {
    into.push_back(
      std::chrono::duration<double, std::micro>{node.rotate()}.count());
    // What comes after the flip is over.
    std::this_thread::sleep_for(std::chrono::milliseconds{15});
  };
  bool is_first = false;
  while (state.KeepRunning()) {
    if (std::exchange(is_first, !is_first))
      rotate(with, lags);
    rotate(without, lags_without);
    if (lags.size() < lags_without.size())
      rotate(with, lags);
    state.SetIterationTime(lags.back() / 1e6);
  }
  state.counters["with_us"] = median(lags);
  state.counters["without_us"] = median(lags_without);
  state.counters["more_percent"]
    = (median(lags) / median(lags_without) - 1) * 100;
}
BENCHMARK(rotation_lag)
  ->Arg(0)
  ->Arg(1)
  ->UseManualTime()
  ->Iterations(500)
  ->Unit(benchmark::kMicrosecond);

} // namespace
