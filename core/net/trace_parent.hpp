// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fsshare {

/// The name of the metadata in which callers say of which trace a call is a
/// part (W3C Trace Context, as OpenTelemetry's ttrpc client of containerd and
/// Kata sends it).
inline constexpr std::string_view trace_parent_key = "traceparent";

/// Longer ones are of no version that is known.
inline constexpr std::size_t most_trace_parent_bytes = 128;

/// Returns the id of the trace: 32 lower-case hexadecimal digits, not all 0.
/// Empty for whatever is no traceparent of version 00, or of a later one that
/// begins as that does.
std::string trace_id_of(std::string_view trace_parent);

} // namespace fsshare
