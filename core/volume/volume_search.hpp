// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/volume_cursor.hpp"
#include "core/volume/volume_status.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// Picks volumes out of pages, until there are enough of them or enough was
/// looked at: whoever goes on begins where it has ended.
class volume_search {
public:
  struct filter {
    /// Part of a volume's path, or of the id or name of a pod, sandbox or
    /// container that has a copy of it; empty for any.
    std::string text;
    /// Only copies that are not current, and volumes with a reason.
    bool only_stale = false;
  };
  struct limits {
    /// After so many nothing is taken of another volume.
    std::size_t copies = 200;
    std::size_t pages = 64;
  };

  volume_search(filter wanted, volume_cursor after, const limits& most)
    : wanted_(std::move(wanted)), most_(most), after_(std::move(after)) {
  }

  /// Where the next page is to begin.
  const volume_cursor& after() const {
    return after_;
  }

  /// Takes a page that begins there.
  /// @returns whether another one is wanted.
  bool take(volume_page page);

  /// Each once, with those of its copies that are picked.
  const std::vector<volume_status>& found() const {
    return found_;
  }
  /// Whether there may be more behind after().
  bool is_cut() const {
    return is_cut_;
  }

private:
  bool picks(const volume_status& v, const destination_status& d,
             bool is_named) const;
  void pick(volume_status v);

  filter wanted_;
  limits most_;
  volume_cursor after_;
  std::vector<volume_status> found_;
  std::size_t copies_ = 0;
  std::size_t pages_ = 0;
  bool is_cut_ = true;
};

} // namespace fsshare
