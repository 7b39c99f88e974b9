// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/copy_rows.hpp"

#include "bench/suite/bare_copy.hpp"
#include "bench/suite/first_copy.hpp"

#include <memory>
#include <utility>

namespace fsshare::bench {

namespace {

struct copy_work {
  tree_shape tree;
  guest_kind guest;
  machine_load load = machine_load::quiet;
  pacing pace = pacing::usual;
};

using tree_ptr = std::shared_ptr<const made_tree>;

template <class Side, class... Options>
side copying(std::string name, const tree_ptr& tree, const copy_work& work,
             const Options&... options) {
  return {std::move(name), [=] {
            return first_copy(
              *tree,
              [&] {
                return std::make_unique<Side>(work.guest, options...);
              },
              take_under(work.load));
          }};
}

std::vector<side> sides_of(const copy_work& work) {
  const auto tree = std::make_shared<const made_tree>(work.tree);
  std::vector<side> out{
    copying<fsshare_side>("fsshare", tree, work),
    copying<serial_side>("serial peer", tree, work, rendering::json),
    copying<serial_side>("serial peer without JSON", tree, work,
                         rendering::none),
    {"bare file operations",
     [=] {
       const burners busy{work.load};
       return bare_copy(tree->path());
     }},
    {"raw socket", [=] {
       const burners busy{work.load};
       return bare_stream(tree->path());
     }}};
  if (work.pace == pacing::one_request_too)
    out.push_back(copying<fsshare_side>("fsshare, window_requests 1", tree,
                                        work, one_request));
  return out;
}

row copy_row(std::string id, std::string what, const copy_work& work,
             aim wanted, extent since = extent::usual, int repeats = 5) {
  what += ", round trip " + work.guest.round_trip;
  if (work.guest.service_time != "0ms")
    what += ", " + work.guest.service_time + " of guest CPU a request";
  if (work.load == machine_load::busy)
    what += ", busy";
  return {std::move(id), std::move(what), wanted, since, repeats, [work] {
            return sides_of(work);
          }};
}

constexpr tree_shape small_files{1000, 1 << 10};
constexpr tree_shape middle_files{100, 64 << 10};
constexpr tree_shape large_file{1, 256 << 20};
// A hundred directories with 98 files and a link each.
constexpr tree_shape deep_tree{98, 100, 10, 10};

} // namespace

std::vector<row> copy_rows() {
  const std::string small = "first copy of 1,000 × 1 KiB";
  const std::string middle = "first copy of 100 × 64 KiB";
  const std::string large = "first copy of 1 × 256 MiB";
  const std::string deep = "first copy of a tree of 10,000 entries";
  constexpr int repeats_of_long = 3;
  const auto quiet = machine_load::quiet;
  const auto busy = machine_load::busy;
  return {
    copy_row("copy-small-1ms", small,
             {small_files, {"1ms"}, quiet, pacing::one_request_too}, {25}),
    copy_row("copy-small-0", small, {small_files, {"0ms"}}, {3.5}),
    copy_row("copy-small-1ms-busy", small, {small_files, {"1ms"}, busy}, {15}),
    copy_row("copy-small-0-busy", small, {small_files, {"0ms"}, busy}, {}),
    copy_row("copy-small-real", small, {small_files, like_real_agent("0ms")},
             {}),
    copy_row("copy-middle-0", middle, {middle_files, {"0ms"}}, {5}),
    copy_row("copy-middle-1ms", middle, {middle_files, {"1ms"}}, {12}),
    copy_row("copy-middle-1ms-busy", middle, {middle_files, {"1ms"}, busy}, {}),
    copy_row("copy-large-0", large, {large_file, {"0ms"}}, {6}),
    copy_row("copy-large-1ms", large, {large_file, {"1ms"}}, {}, extent::full),
    copy_row("copy-deep-0", deep, {deep_tree, {"0ms"}}, {}, extent::usual,
             repeats_of_long),
    copy_row("copy-deep-1ms", deep, {deep_tree, {"1ms"}}, {}, extent::full,
             repeats_of_long),
    copy_row("copy-small-100us", small, {small_files, {"100us"}}, {},
             extent::full),
    copy_row("copy-small-10ms", small, {small_files, {"10ms"}}, {},
             extent::full),
    copy_row("copy-middle-100us", middle, {middle_files, {"100us"}}, {},
             extent::full),
    copy_row("copy-middle-10ms", middle, {middle_files, {"10ms"}}, {},
             extent::full),
  };
}

} // namespace fsshare::bench
