// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// What is to be done about a volume, as something may have changed on the
/// host. Whatever it says, the answer is to compare; it tells how soon and how
/// thoroughly.
enum class volume_hint : std::uint8_t {
  /// A generation's directory was made, as the kubelet does first: what is
  /// published next has its name.
  begun,
  /// `..data` was renamed into place: a new generation is published.
  read_now,
  /// A generation's directory was removed, as the kubelet does last.
  look,
  /// Mode or owner of the volume's root or of an entry in it was set, perhaps
  /// to what it was: look closely when no more follows.
  look_closely,
  /// The watch is gone, whatever became of the volume.
  watch_anew,
  /// The volume was gone, and may be back, or is to be awaited elsewhere.
  watch_again,
  /// Its path may lead to another directory than the one that is watched.
  watch_and_look_closely,
  /// It is time for the periodic comparison: look, and place the watch again.
  compare,
  /// The same, of modes and owners too; also after events were lost.
  compare_closely,
  /// An event of which a push needs to know nothing.
  nothing,
};

/// Returns the hint in words, such as `look closely`.
const char* to_string(volume_hint hint) noexcept;

} // namespace fsshare
