// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bind_rows.hpp"

#include "bench/suite/bind_place.hpp"
#include "bench/suite/measured_steps.hpp"

#include <memory>
#include <utility>

namespace fsshare::bench {

namespace {

using bind_steps = measured_steps<bind_place>;

/// How much is bound, and where.
struct bind_scale {
  std::size_t files = 1000;
  bind_namespace where = bind_namespace::node_agent;
};

row bind_row(std::string id, std::string what, bind_steps ours, bind_steps bare,
             aim wanted, bind_scale scale = {}, extent when = extent::usual) {
  return {std::move(id),
          std::move(what),
          wanted,
          when,
          5,
          [scale, ours = std::move(ours), bare = std::move(bare)] {
            const auto at
              = std::make_shared<bind_place>(scale.files, scale.where);
            return std::vector<side>{{"fsshare",
                                      [=] {
                                        return ours.run(*at);
                                      }},
                                     {"bare system calls", [=] {
                                        return bare.run(*at);
                                      }}};
          }};
}

} // namespace

std::vector<row> bind_rows() {
  using at = bind_place;
  constexpr auto node = doer::node_agent;
  const bind_steps one_by_one{
    node, {&at::prepare}, &at::share_one_by_one, {&at::cleanup}};
  const bind_steps together{
    node, {&at::prepare}, &at::share_together, {&at::cleanup}};
  const bind_steps cleanup{
    node, {&at::prepare, &at::share_together}, &at::cleanup, {}};
  const bind_steps bare{doer::caller, {}, &at::bind, {&at::unbind}};
  const bind_steps bare_end{doer::caller, {&at::bind}, &at::unbind, {}};
  constexpr bind_scale in_shim{1000, bind_namespace::shim};
  return {
    bind_row("bind-share", "1,000 read-only binds, ShareFile one by one",
             one_by_one, bare, {0.4}),
    bind_row("bind-share-100", "100 read-only binds, ShareFile one by one",
             one_by_one, bare, {}, {100}, extent::full),
    bind_row("bind-share-2000", "2,000 read-only binds, ShareFile one by one",
             one_by_one, bare, {}, {2000}, extent::full),
    bind_row("bind-share-files", "1,000 read-only binds, by ShareFiles",
             together, bare, {0.77}),
    bind_row("bind-share-files-10000", "10,000 read-only binds, by ShareFiles",
             together, bare, {}, {10000}, extent::full),
    bind_row(
      "bind-share-files-shim",
      "1,000 read-only binds, by ShareFiles, in a shim's mount namespace",
      together, bare, {}, in_shim),
    bind_row("bind-unshare", "1,000 binds ended, UnshareFile one by one",
             {node,
              {&at::prepare, &at::share_together},
              &at::unshare_one_by_one,
              {&at::cleanup}},
             bare_end, {}),
    bind_row("bind-unshare-container", "1,000 binds ended, by UnshareContainer",
             {node,
              {&at::prepare, &at::share_together},
              &at::unshare_container,
              {&at::cleanup}},
             bare_end, {}),
    bind_row("bind-cleanup", "1,000 binds ended, by Cleanup", cleanup, bare_end,
             {0, 5e-3}),
    bind_row("bind-cleanup-10000", "10,000 binds ended, by Cleanup", cleanup,
             bare_end, {}, {10000}, extent::full),
    bind_row("bind-cleanup-shim",
             "1,000 binds ended, by Cleanup, in a shim's mount namespace",
             cleanup, bare_end, {}, in_shim),
  };
}

} // namespace fsshare::bench
