// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace fsshare {

/// What the file `.fsshare` in a sandbox directory says. A directory without it
/// belongs to a shim that does not use us and is never touched.
struct share_mark {
  std::string sandbox_id;

  friend bool operator==(const share_mark&, const share_mark&) = default;
};

/// Returns the content of the mark: one line of JSON. The id passed check_id(),
/// which leaves nothing to escape.
std::string render_share_mark(const share_mark& mark);

/// Reads a mark back. Only what render_share_mark() writes is accepted: nobody
/// else writes marks, so that anything different is damage.
/// @returns `errc::failed_precondition` for a mark of another format version,
///          `errc::data_loss` for anything else.
result<share_mark> parse_share_mark(std::string_view text);

} // namespace fsshare
