// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/ranked.hpp"
#include "core/paths.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

namespace fsshare {

/// Part of the leftovers of a sandbox, in the order of their paths, each path
/// once. Paths are compared and listed as UTF-8, as callers see them.
struct leftover_page {
  std::vector<path_reason> listed;
  /// How many more come behind it.
  std::uint64_t more = 0;
  /// How many were looked at for it.
  std::uint64_t looked_at = 0;
};

/// Joins pages of different owners that begin behind the same path and have as
/// many as `most` entries each, if there are so many. `more` counts what
/// several of them have, behind the page, as often.
leftover_page joined(std::vector<leftover_page> parts, std::size_t most);

/// Names in the order in which callers see them.
class leftover_index {
public:
  /// Both are idempotent.
  void insert(const std::string& name);
  void erase(const std::string& name);

  std::size_t size() const {
    return names_.size();
  }
  bool empty() const {
    return names_.empty();
  }

  /// Returns the names that come behind one, as many as `most`; of those that
  /// callers see alike the first.
  /// @param after As callers see it; empty for the first page.
  /// @param reason_of Is called for each that is listed, and for no other.
  leftover_page
  page(const std::string& after, std::size_t most,
       const std::function<std::string(const std::string&)>& reason_of) const;

private:
  struct entry {
    std::string shown;
    /// Empty where it is shown as it is.
    std::string name;

    friend bool operator<(const entry& x, const entry& y) {
      return std::tie(x.shown, x.name) < std::tie(y.shown, y.name);
    }
  };

  static entry entry_of(const std::string& name);

  ranked_set<entry> names_;
};

} // namespace fsshare
