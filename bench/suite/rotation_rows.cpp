// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/rotation_rows.hpp"

#include "bench/suite/rotating_side.hpp"

#include <memory>
#include <utility>

namespace fsshare::bench {

namespace {

std::vector<side> sides_of(const rotation_work& work) {
  std::vector<side> out;
  out.push_back(
    rotating("fsshare", std::make_unique<fsshare_side>(work.guest), work));
  out.push_back(
    rotating("serial peer",
             std::make_unique<serial_side>(work.guest, rendering::json), work));
  if (work.shape.destinations > 1)
    out.push_back(
      rotating("fsshare, one guest copy",
               std::make_unique<fsshare_side>(
                 work.guest, fsshare_options{copy_sharing::per_sandbox}),
               work));
  if (work.pace == pacing::one_request_too)
    out.push_back(
      rotating("fsshare, window_requests 1",
               std::make_unique<fsshare_side>(work.guest, one_request), work));
  return out;
}

row rotation_row(std::string id, const rotation_work& work, aim wanted,
                 extent since = extent::usual, int repeats = 5) {
  return {std::move(id), words_of(work), wanted, since, repeats, [work] {
            return sides_of(work);
          }};
}

constexpr rotation_shape one{1, 1, 10};
constexpr rotation_shape to_ten{1, 10, 10};
constexpr rotation_shape hundred_volumes{100, 1, 10};
constexpr rotation_shape many{50, 10, 10};
constexpr rotation_shape many_keys{1, 1, 500};

/// What takes long, at the other distances of guests.
void add_distances(std::vector<row>& out) {
  constexpr int repeats_of_long = 3;
  struct distant {
    std::string name;
    rotation_shape shape;
    int rotations;
  };
  for (const auto& each :
       {distant{"1-1-10", one, 10}, distant{"1-10-10", to_ten, 3},
        distant{"1-1-500", many_keys, 2},
        distant{"100-1-10", hundred_volumes, 1}, distant{"50-10-10", many, 1}})
    for (const std::string round_trip : {"100us", "10ms"})
      out.push_back(rotation_row("rotate-" + each.name + "-" + round_trip,
                                 {each.shape, {round_trip}, each.rotations}, {},
                                 extent::full, repeats_of_long));
}

} // namespace

std::vector<row> rotation_rows() {
  const auto quiet = machine_load::quiet;
  const auto busy = machine_load::busy;
  const auto real = like_real_agent("0ms");
  std::vector<row> out{
    rotation_row("rotate-1-1-10-0", {one, {"0ms"}}, {0, 0.7e-3}),
    rotation_row("rotate-1-1-10-1ms", {one, {"1ms"}}, {0, 2.7e-3}),
    rotation_row("rotate-1-10-10-0", {to_ten, {"0ms"}}, {}),
    rotation_row("rotate-1-10-10-1ms",
                 {to_ten, {"1ms"}, 10, quiet, pacing::one_request_too}, {20}),
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
  };
  add_distances(out);
  return out;
}

} // namespace fsshare::bench
