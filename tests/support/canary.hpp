// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fsshare::test {

/// A secret that is found again wherever it turns up, in whole or in part: as
/// it is, as base64 of either alphabet whatever precedes it, as hexadecimal
/// digits, or as octal or hexadecimal escapes.
class canary {
public:
  /// @param text At least 24 letters and digits, like no other text.
  explicit canary(const std::string& text);

  const std::string& text() const {
    return text_;
  }

  /// Returns in which form it occurs in `where`; empty if it does not.
  std::string found_in(const std::string& where) const;

private:
  std::string text_;
  /// Pieces by the name of the form.
  std::vector<std::pair<std::string, std::string>> pieces_;
};

} // namespace fsshare::test
