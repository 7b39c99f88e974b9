// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace fsshare {

/// The status page, as it stands in metrics/status_page.html.
extern const std::string_view status_page;

} // namespace fsshare
