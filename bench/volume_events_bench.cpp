// SPDX-License-Identifier: Apache-2.0
#include "core/volume/inotify_decoder.hpp"
#include "core/volume/watch_table.hpp"

#include <cstring>
#include <string>

#include <benchmark/benchmark.h>

using namespace fsshare;

namespace {

void append(bytes& out, int wd, std::uint32_t mask, const std::string& name) {
  const auto padded = static_cast<std::uint32_t>(name.size() / 16 * 16 + 16);
  const auto at = out.size();
  out.resize(at + inotify_header_bytes + padded);
  std::memcpy(out.data() + at, &wd, 4);
  std::memcpy(out.data() + at + 4, &mask, 4);
  std::memcpy(out.data() + at + 12, &padded, 4);
  std::memcpy(out.data() + at + inotify_header_bytes, name.data(), name.size());
}

/// What one read returns after a rotation of each of `volumes` volumes.
bytes rotations(int volumes) {
  const std::string generation = "..2026_01_02_03_04_05.123456789";
  bytes out;
  for (int wd = 1; wd <= volumes; ++wd) {
    append(out, wd, inotify_mask::attrib | inotify_mask::is_directory,
           generation);
    append(out, wd, inotify_mask::moved_to, "..data");
    append(out, wd, inotify_mask::removed | inotify_mask::is_directory,
           generation);
  }
  return out;
}

/// Time from the bytes of one read to the events of every volume in it.
void decode_and_classify(benchmark::State& state) {
  const auto volumes = static_cast<int>(state.range(0));
  const auto data = rotations(volumes);
  watch_table table;
  for (int wd = 1; wd <= volumes; ++wd)
    table.add("/v/" + std::to_string(wd), wd);
  while (state.KeepRunning())
    for (const auto& event : decode_inotify(data).events)
      benchmark::DoNotOptimize(table.handle(event));
  state.SetItemsProcessed(state.iterations() * volumes);
}
BENCHMARK(decode_and_classify)->Arg(1)->Arg(100)->Arg(1000);

} // namespace
