#pragma once

#include "tests/demo/data_observer.hpp"
#include "tests/demo/transcript.hpp"

#include <string>
#include <vector>

namespace fsshare::demo {

/// A rotation that was made on the host.
struct made_rotation {
  std::string what;
  std::string generation;
  /// Of the call of the rename of `..data`.
  data_observer::clock::time_point called;
  /// Of its return, from which lags count.
  data_observer::clock::time_point flipped;
};

/// Returns whether the name that a guest directory's `..data` gives is that of
/// a generation of the host, with or without the number of an attempt.
bool names_generation(const std::string& in_guest, const std::string& on_host);

/// Prints how long each rotation took to each guest directory, with median and
/// maximum, and checks that each arrived or a newer one did. A busy machine may
/// let the rename return after the guest has what it caused; such a lag counts
/// from the call and is marked `<`.
/// @param containers Their guest directories are those of `observer`.
void report_rotations(const std::vector<made_rotation>& rotations,
                      const std::vector<std::string>& containers,
                      const data_observer& observer, transcript& out);

} // namespace fsshare::demo
