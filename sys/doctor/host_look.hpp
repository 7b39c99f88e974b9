// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/host_facts.hpp"

namespace fsshare {

/// Looks at the host for doctor. Changes nothing, and never hangs: what asks a
/// file system is done by a reader, for a limited time each. To be called
/// before any thread is made.
///
/// A reader that hangs outlives the process and shares its descriptors; see
/// close_standard_descriptors().
host_facts look_at_host(const doctor_subject& subject);

} // namespace fsshare
