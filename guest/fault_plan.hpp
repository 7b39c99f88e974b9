// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare::guest {

/// Which faults the stand-in makes; zero means never.
struct fault_options {
  /// Each Nth CopyFile fails.
  std::uint64_t fail_every = 0;
  /// After N requests a connection is lost, once.
  std::uint64_t drop_after = 0;
  /// After N requests each CopyFile is denied, as by a policy.
  std::uint64_t deny_after = 0;
  /// After N requests nothing is answered any more.
  std::uint64_t hang_after = 0;
};

/// What is to become of a request.
enum class fate : std::uint8_t {
  carried_out,
  /// Answered INTERNAL, without any effect.
  failed,
  /// Answered PERMISSION_DENIED, without any effect.
  denied,
  /// The connection ends, once what it had before is answered.
  dropped,
  /// Neither carried out nor answered.
  hung,
};

enum class request_kind : std::uint8_t { copy_file, other };

/// Decides on each request by counting them, over all connections, in the order
/// in which they arrive.
class fault_plan {
public:
  explicit fault_plan(const fault_options& options);

  /// Counts a request and says what becomes of it.
  fate next(request_kind kind);

private:
  fault_options options_;
  std::uint64_t requests_ = 0;
  std::uint64_t copies_ = 0;
  bool has_dropped_ = false;
};

} // namespace fsshare::guest
