// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/rotation_rows.hpp"

#include "bench/suite/burners.hpp"
#include "bench/suite/copying_side.hpp"
#include "bench/suite/rotating_volumes.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

namespace fsshare::bench {

namespace {

struct rotation_work {
  rotation_shape shape;
  guest_kind guest;
  /// How often all rotate in one run.
  int rotations = 10;
  machine_load load = machine_load::quiet;
};

/// What copies, and what it keeps up to date; lives for all runs of a row.
class rotating_side {
public:
  rotating_side(std::unique_ptr<copying_side> by, const rotation_shape& shape)
    : by_(std::move(by)), volumes_(by_->sharer(), shape) {
  }

  /// Rotates several times, each after the last has arrived everywhere.
  sample run(const rotation_work& work) {
    // Longer than what comes after the flip.
    constexpr std::chrono::milliseconds pause{15};
    const burners busy{work.load};
    std::vector<double> all;
    std::vector<double> last;
    auto out = by_->take([&] {
      for (int n = 0; n < work.rotations; ++n) {
        const auto lags = volumes_.rotate();
        all.insert(all.end(), lags.begin(), lags.end());
        last.push_back(*std::max_element(lags.begin(), lags.end()));
        std::this_thread::sleep_for(pause);
      }
    });
    out.seconds = median(last);
    out.p99_seconds = quantile(all, 0.99);
    out.cpu_seconds /= work.rotations;
    out.guest_cpu_seconds /= work.rotations;
    return out;
  }

private:
  std::unique_ptr<copying_side> by_;
  rotating_volumes volumes_;
};

side rotating(std::string name, std::unique_ptr<copying_side> by,
              const rotation_work& work) {
  const auto rotates
    = std::make_shared<rotating_side>(std::move(by), work.shape);
  return {std::move(name), [rotates, work] {
            return rotates->run(work);
          }};
}

std::vector<side> sides_of(const rotation_work& work) {
  std::vector<side> out;
  out.push_back(
    rotating("fsshare", std::make_unique<fsshare_side>(work.guest), work));
  out.push_back(
    rotating("serial peer",
             std::make_unique<serial_side>(work.guest, rendering::json), work));
  if (work.shape.destinations > 1)
    out.push_back(rotating(
      "fsshare, one guest copy",
      std::make_unique<fsshare_side>(work.guest, copy_sharing::per_sandbox),
      work));
  return out;
}

std::string words_of(const rotation_work& work) {
  auto out = "rotation (" + std::to_string(work.shape.volumes) + ", "
             + std::to_string(work.shape.destinations) + ", "
             + std::to_string(work.shape.keys) + "), round trip "
             + work.guest.round_trip;
  if (work.guest.service_time != "0ms")
    out += ", " + work.guest.service_time + " of guest CPU a request";
  if (work.load == machine_load::busy)
    out += ", busy";
  return out;
}

row rotation_row(std::string id, const rotation_work& work, aim wanted,
                 extent since = extent::usual) {
  constexpr int repeats = 5;
  return {std::move(id), words_of(work), wanted, since, repeats, [work] {
            return sides_of(work);
          }};
}

constexpr rotation_shape one{1, 1, 10};
constexpr rotation_shape to_ten{1, 10, 10};
constexpr rotation_shape hundred_volumes{100, 1, 10};
constexpr rotation_shape many{50, 10, 10};
constexpr rotation_shape many_keys{1, 1, 500};

} // namespace

std::vector<row> rotation_rows() {
  const auto busy = machine_load::busy;
  const auto real = like_real_agent("0ms");
  return {
    rotation_row("rotate-1-1-10-0", {one, {"0ms"}}, {0, 0.7e-3}),
    rotation_row("rotate-1-1-10-1ms", {one, {"1ms"}}, {0, 2.7e-3}),
    rotation_row("rotate-1-10-10-0", {to_ten, {"0ms"}}, {}),
    rotation_row("rotate-1-10-10-1ms", {to_ten, {"1ms"}}, {20}),
    rotation_row("rotate-1-10-10-1ms-busy", {to_ten, {"1ms"}, 10, busy}, {15}),
    rotation_row("rotate-1-1-500-0", {many_keys, {"0ms"}, 5}, {}),
    rotation_row("rotate-1-1-500-1ms", {many_keys, {"1ms"}, 3}, {20}),
    rotation_row("rotate-1-1-500-1ms-busy", {many_keys, {"1ms"}, 2, busy},
                 {15}),
    rotation_row("rotate-100-1-10-0", {hundred_volumes, {"0ms"}, 2}, {}),
    rotation_row("rotate-100-1-10-1ms", {hundred_volumes, {"1ms"}, 1}, {}),
    rotation_row("rotate-50-10-10-0", {many, {"0ms"}, 1}, {}),
    rotation_row("rotate-50-10-10-1ms", {many, {"1ms"}, 1}, {28}),
    rotation_row("rotate-1-1-10-real", {one, real}, {}),
    rotation_row("rotate-1-10-10-real", {to_ten, real, 5}, {}),
    rotation_row("rotate-1-1-500-real", {many_keys, real, 3}, {}),
    rotation_row("rotate-50-10-10-real", {many, real, 1}, {}),
    rotation_row("rotate-1-10-10-100us", {to_ten, {"100us"}}, {}, extent::full),
    rotation_row("rotate-1-10-10-10ms", {to_ten, {"10ms"}, 3}, {},
                 extent::full),
  };
}

} // namespace fsshare::bench
