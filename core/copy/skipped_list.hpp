// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// An entry that cannot be copied, and why, in words for the user.
struct skipped_entry {
  std::string path;
  std::string reason;

  friend bool operator==(const skipped_entry&, const skipped_entry&) = default;
};

/// Entries that cannot be copied. Lists the first ones and counts the others,
/// so that no directory makes a status or a reply as large as it likes.
class skipped_list {
public:
  static constexpr std::size_t most_listed = 1000;
  /// Of the paths and reasons of those that are listed.
  static constexpr std::size_t most_bytes = std::size_t{256} << 10;

  skipped_list() = default;
  skipped_list(std::initializer_list<skipped_entry> entries);

  void push_back(skipped_entry entry);
  /// Adds all of another list, those that it only counts too.
  void add(const skipped_list& other);

  /// How many are not listed.
  std::uint64_t more() const {
    return more_;
  }
  /// Those that are listed.
  const std::vector<skipped_entry>& listed() const {
    return listed_;
  }
  /// All, whether listed or not.
  std::uint64_t size() const {
    return listed_.size() + more_;
  }
  bool empty() const {
    return listed_.empty() && more_ == 0;
  }
  bool contains(const skipped_entry& entry) const;
  const skipped_entry& front() const {
    return listed_.front();
  }
  const skipped_entry& operator[](std::size_t i) const {
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
  std::vector<skipped_entry> listed_;
  std::size_t bytes_ = 0;
  std::uint64_t more_ = 0;
};

} // namespace fsshare
