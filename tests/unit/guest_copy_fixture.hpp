// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/guest_copy.hpp"
#include "tests/unit/order_outcomes.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fsshare::test {

inline volume_snapshot_ptr host(const std::string& name,
                                std::vector<std::string> keys = {"a"},
                                std::uint32_t root_gid = 0) {
  volume_snapshot s;
  s.id = {name, 7 + root_gid};
  s.root.mode = 0755;
  s.root.gid = root_gid;
  tree_entry dir;
  dir.mode = 0755;
  s.tree.entries.push_back(dir);
  for (const auto& key : keys) {
    tree_entry file;
    file.path = key;
    file.type = entry_type::file;
    s.tree.entries.push_back(file);
  }
  s.links = std::move(keys);
  return std::make_shared<const volume_snapshot>(std::move(s));
}

inline guest_copy make(std::size_t keep = 0) {
  guest_copy::settings s;
  s.root = "/g/v";
  s.keep_generations = keep;
  return guest_copy{s};
}

/// All that should be gone and is not.
inline std::vector<path_reason> all_leftovers(const guest_copy& copy) {
  auto all = copy.leftovers();
  for (auto& one : copy.leftovers_below({}, 1000).listed)
    all.push_back(std::move(one));
  return all;
}

/// What the next order is about, in words.
inline std::string words(const std::optional<guest_order>& order) {
  if (!order)
    return "nothing";
  if (const auto* push = std::get_if<push_order>(&*order)) {
    std::string out = "push " + push->options.attempt_name;
    if (push->options.send_root)
      out += " +root";
    if (push->options.send_others)
      out += " +others";
    for (const auto& link : push->options.links)
      if (!push->options.links_made.contains(link))
        out += " " + link;
    return out;
  }
  std::string out;
  const auto* steps = std::get_if<steps_order>(&*order);
  for (const auto& step :
       steps ? steps->steps : std::get<removal_order>(*order).steps)
    out += (steps ? step.is_flip ? "flip " : "link " : "remove ") + step.path
           + (steps ? "=" + step.target : "") + ";";
  return out;
}

/// Brings a copy to hold `snapshot`, with nothing left to do.
inline void settle_at(guest_copy& copy, const volume_snapshot_ptr& snapshot,
                      guest_copy::time_point now) {
  REQUIRE(words(copy.next(snapshot, now)).starts_with("push "));
  copy.finished(done(), now);
  while (auto order = copy.next(snapshot, now + std::chrono::seconds{2}))
    copy.finished(removed(std::get<removal_order>(*order).steps.size()),
                  now + std::chrono::seconds{2});
  REQUIRE(copy.converged(snapshot->id));
}

} // namespace fsshare::test
