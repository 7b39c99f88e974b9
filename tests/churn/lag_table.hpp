// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/churn/churn_sandbox.hpp"
#include "tests/churn/kubelet.hpp"

#include <string>

namespace fsshare::churn {

/// Says for each sandbox how many rotations reached its copies, how long that
/// took and what went wrong meanwhile: one row each, and one for all.
/// @param log What fsshared has logged.
std::string lag_table(const kubelet& host, const sandbox_list& sandboxes,
                      const test::data_observer& observer,
                      const std::string& log);

} // namespace fsshare::churn
