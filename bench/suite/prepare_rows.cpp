// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/prepare_rows.hpp"

#include "bench/suite/measured_steps.hpp"
#include "bench/suite/prepare_place.hpp"

#include <memory>
#include <utility>

namespace fsshare::bench {

namespace {

using prepare_steps = measured_steps<prepare_place>;

constexpr int sandboxes = 1000;

row prepare_row(
  std::string id, std::string what,
  const std::vector<std::pair<std::string, prepare_steps>>& ways) {
  return {std::move(id), std::move(what), {}, extent::usual, 5, [ways] {
            const auto at = std::make_shared<prepare_place>(sandboxes);
            std::vector<side> out;
            out.reserve(ways.size());
            for (const auto& [name, steps] : ways)
              out.push_back({name, [at, steps = steps] {
                               return steps.run(*at);
                             }});
            return out;
          }};
}

} // namespace

std::vector<row> prepare_rows() {
  using at = prepare_place;
  constexpr auto node = doer::node_agent;
  return {
    prepare_row("prepare-shared",
                "1,000 sandboxes with a shared filesystem, Prepare one by one",
                {{"fsshare", {node, {}, &at::prepare_shared, {&at::cleanup}}},
                 {"bare system calls",
                  {doer::caller, {}, &at::make_bare, {&at::remove_bare}}}}),
    prepare_row("prepare-copy",
                "1,000 sandboxes in copy mode, Prepare one by one",
                {{"fsshare", {node, {}, &at::prepare_copy, {&at::cleanup}}}}),
  };
}

} // namespace fsshare::bench
