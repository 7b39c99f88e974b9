// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fsshare::test {

using table_row = std::vector<std::string>;

/// Returns the rows, which have the same number of cells, in columns.
std::string text_table(const std::vector<table_row>& rows);

} // namespace fsshare::test
