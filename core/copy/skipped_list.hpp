// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/paths.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// Entries that cannot be copied. Lists the first ones and counts the others,
/// so that no directory makes a status or a reply as large as it likes.
class skipped_list {
public:
  static constexpr std::size_t most_listed = 1000;
  /// Of the paths and reasons of those that are listed.
  static constexpr std::size_t most_bytes = std::size_t{256} << 10;

  skipped_list() = default;
  skipped_list(std::initializer_list<path_reason> entries);

  void push_back(path_reason entry);
  /// Counts others that are not listed.
  void add_more(std::uint64_t count) {
    more_ += count;
  }
  /// Adds all of another list, those that it only counts too.
  void add(const skipped_list& other);

  /// How many are not listed.
  std::uint64_t more() const {
    return more_;
  }
  /// Those that are listed.
  const std::vector<path_reason>& listed() const {
    return listed_;
  }
  /// All, whether listed or not.
  std::uint64_t size() const {
    return listed_.size() + more_;
  }
  bool empty() const {
    return listed_.empty() && more_ == 0;
  }
  bool contains(const path_reason& entry) const;
  const path_reason& front() const {
    return listed_.front();
  }
  const path_reason& operator[](std::size_t i) const {
    return listed_[i];
  }
  auto begin() const {
    return listed_.begin();
  }
  auto end() const {
    return listed_.end();
  }
  /// Puts those that are listed into the order of their paths.
  void sort();

  friend bool operator==(const skipped_list&, const skipped_list&) = default;

private:
  std::vector<path_reason> listed_;
  std::size_t bytes_ = 0;
  std::uint64_t more_ = 0;
};

} // namespace fsshare
