// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_job.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <vector>

/// Jobs of each kind and how they are run, for the tests of guest_job.
namespace fsshare::test {

constexpr guest_job::time_point t0{std::chrono::hours{1}};

constexpr std::uint64_t any = copy_schedule::any_length;

inline guest_profile newest() {
  return profile_of("4.1.0");
}

inline volume_snapshot_ptr volume() {
  volume_snapshot s;
  s.id = {"..1", 7};
  s.root.mode = 0755;
  tree_entry dir;
  dir.mode = 0755;
  s.tree.entries.push_back(dir);
  tree_entry file;
  file.path = "key";
  file.type = entry_type::file;
  file.mode = 0644;
  file.size = 5;
  file.content = make_secret_blob(bytes(5));
  s.tree.entries.push_back(file);
  s.tree.total_bytes = 5;
  s.links = {"key"};
  return std::make_shared<const volume_snapshot>(std::move(s));
}

inline guest_job push(bool is_first = false) {
  push_options options;
  options.send_others = is_first;
  options.guest_root = "/g/v";
  options.attempt_name = "..1";
  options.send_root = true;
  options.links = {"key"};
  return guest_job{guest_order{push_order{volume(), options}}};
}

// A directory with empty files.
inline guest_job tree(const std::vector<std::string>& files) {
  tree_snapshot s;
  s.entries.emplace_back();
  for (const auto& path : files) {
    s.entries.emplace_back();
    s.entries.back().path = path;
    s.entries.back().type = entry_type::file;
  }
  return guest_job{
    tree_order{std::make_shared<const tree_snapshot>(std::move(s)), "/g/t"}};
}

inline const error gone{errc::unavailable, "gone"};

inline guest_job removals(const std::vector<std::string>& paths) {
  removal_order order;
  for (const auto& path : paths)
    order.steps.push_back(removal_step(path, 0, 0));
  return guest_job{guest_order{std::move(order)}};
}

// Takes all that may be sent now.
inline std::vector<copy_request> take(guest_job& job) {
  std::vector<copy_request> out;
  while (const auto request = job.next(any))
    out.push_back(*request);
  return out;
}

// Answers everything with success up to the flip, which is handed out.
inline copy_request run_to_flip(guest_job& job) {
  for (;;) {
    auto requests = take(job);
    REQUIRE_FALSE(requests.empty());
    for (const auto& request : requests) {
      if (job.step_of(request).is_flip)
        return request;
      job.answered(request, errc::none, {});
    }
  }
}

} // namespace fsshare::test
