// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/copy_rows.hpp"

#include "bench/suite/bare_copy.hpp"
#include "bench/suite/burners.hpp"
#include "bench/suite/copying_side.hpp"

#include <fstream>
#include <memory>
#include <stdexcept>
#include <utility>

namespace fsshare::bench {

namespace {

/// A directory with some files of the same size.
struct tree_shape {
  int files = 0;
  std::size_t bytes = 0;
};

struct copy_work {
  tree_shape tree;
  guest_kind guest;
  machine_load load = machine_load::quiet;
};

/// The tree, made anew for each row in memory.
class made_tree {
public:
  explicit made_tree(const tree_shape& shape) {
    const std::string content(shape.bytes, 'x');
    for (int n = 0; n < shape.files; ++n)
      dir_.write("tree/file" + std::to_string(n), content);
  }

  std::string path() const {
    return dir_ / "tree";
  }

private:
  test::temp_dir dir_;
};

using tree_ptr = std::shared_ptr<const made_tree>;

/// One copy by programs that were just started.
template <class MakeSide>
sample copy_once(const made_tree& tree, machine_load load,
                 const MakeSide& make) {
  const std::unique_ptr<copying_side> copies = make();
  const burners busy{load};
  auto out = copies->take([&] {
    copies->share(tree.path(), 1);
  });
  out.requests = copies->end_guest();
  return out;
}

side serial(const tree_ptr& tree, const copy_work& work, rendering renders,
            std::string name) {
  return {std::move(name), [=] {
            return copy_once(*tree, work.load, [&] {
              return std::make_unique<serial_side>(work.guest, renders);
            });
          }};
}

std::vector<side> sides_of(const copy_work& work) {
  const auto tree = std::make_shared<const made_tree>(work.tree);
  std::vector<side> out{
    {"fsshare",
     [=] {
       return copy_once(*tree, work.load, [&] {
         return std::make_unique<fsshare_side>(work.guest);
       });
     }},
    serial(tree, work, rendering::json, "serial peer"),
    serial(tree, work, rendering::none, "serial peer without JSON")};
  out.push_back({"bare file operations", [=] {
                   const burners busy{work.load};
                   return bare_copy(tree->path());
                 }});
  out.push_back({"raw socket", [=] {
                   const burners busy{work.load};
                   return bare_stream(tree->path());
                 }});
  return out;
}

row copy_row(std::string id, std::string what, copy_work work, aim wanted,
             extent since = extent::usual) {
  what += ", round trip " + work.guest.round_trip;
  if (work.guest.service_time != "0ms")
    what += ", " + work.guest.service_time + " of guest CPU a request";
  if (work.load == machine_load::busy)
    what += ", busy";
  return {std::move(id), std::move(what), wanted, since, 5, [work] {
            return sides_of(work);
          }};
}

constexpr tree_shape small_files{1000, 1 << 10};
constexpr tree_shape middle_files{100, 64 << 10};
constexpr tree_shape large_file{1, 256 << 20};

} // namespace

std::vector<row> copy_rows() {
  const std::string small = "first copy of 1,000 × 1 KiB";
  const std::string middle = "first copy of 100 × 64 KiB";
  const std::string large = "first copy of 1 × 256 MiB";
  const auto busy = machine_load::busy;
  return {
    copy_row("copy-small-1ms", small, {small_files, {"1ms"}}, {25}),
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
    copy_row("copy-small-100us", small, {small_files, {"100us"}}, {},
             extent::full),
    copy_row("copy-small-10ms", small, {small_files, {"10ms"}}, {},
             extent::full),
  };
}

} // namespace fsshare::bench
