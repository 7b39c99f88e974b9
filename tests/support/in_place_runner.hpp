// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/process/reader_threads.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fsshare::test {

/// Does reads at once, in the thread of whoever gives them, so that a schedule
/// decides everything; those that are held stand still until the test lets them
/// go on.
class in_place_runner final : public read_runner {
public:
  status run(std::size_t reader, job what) override {
    if (refuse)
      return *refuse;
    made.insert(reader);
    ++runs;
    if (!hold) {
      what();
      return unit{};
    }
    held.emplace_back(reader, std::move(what));
    return unit{};
  }
  void retire(std::size_t reader) override {
    retired.push_back(reader);
  }

  /// Lets the first read that is held go on.
  void release() {
    auto next = std::move(held.front());
    held.pop_front();
    next.second();
  }

  /// Every reader that was ever made, and those that ended.
  std::set<std::size_t> made;
  std::vector<std::size_t> retired;
  std::deque<std::pair<std::size_t, job>> held;
  /// How many jobs there were.
  std::size_t runs = 0;
  /// Whether reads stand still from now on.
  bool hold = false;
  /// What making a reader fails with.
  std::optional<error> refuse;
};

} // namespace fsshare::test
