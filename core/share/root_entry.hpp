// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace fsshare {

/// Whose an entry of the share root is, by its mark.
enum class entry_owner : std::uint8_t {
  /// It bears our mark.
  ours,
  /// It bears none: a shim's that does not use us, and never touched.
  foreign,
  /// Whether it bears one cannot be told, or the mark is damaged, of another
  /// version, or that of another sandbox. Never touched.
  unclear,
};

/// Whether somebody has taken away what was prepared for a sandbox, by whose
/// its entry is; one that is not there is foreign. What is unclear may be
/// there.
constexpr bool is_wiped(entry_owner found) {
  return found == entry_owner::foreign;
}

/// What lies in the share root.
struct root_entry {
  /// Sandbox id, if it is ours.
  std::string name;
  entry_owner owner = entry_owner::foreign;
  /// Why it is unclear; empty otherwise.
  std::string reason;

  friend bool operator==(const root_entry&, const root_entry&) = default;
};

} // namespace fsshare
