// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

enum class finding_level : std::uint8_t {
  ok,
  /// It works, but not as well as it could, or not for long.
  warn,
  /// Something that is asked for cannot work.
  fail,
};

const char* to_string(finding_level level) noexcept;

/// One thing that doctor looked at.
struct finding {
  finding_level level = finding_level::ok;
  /// What kind of thing, such as `inotify-watches`: stable, for scripts.
  std::string check;
  /// What was looked at, and what it is like, in one sentence.
  std::string found;
  /// What makes it well; empty where it is.
  std::string cure;

  friend bool operator==(const finding&, const finding&) = default;
};

using findings = std::vector<finding>;

std::size_t count_of(const findings& all, finding_level level);

/// Returns findings as one JSON object: `findings`, a list of objects of four
/// strings, and how many there are of each level.
std::string to_json_text(const findings& all);

} // namespace fsshare
